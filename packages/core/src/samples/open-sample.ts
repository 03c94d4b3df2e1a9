import type { SeeContext } from '../context/see-context.ts'
import type { OpenedSample, OpenOptions } from './open-in-guest.ts'

export type { OpenedSample, OpenOptions } from './open-in-guest.ts'

/**
 * Brings a sample into the running guest and finds what runs it there: itself, the interpreter of its language, or, for a
 * dynamic program whose libraries the guest lacks, the loader and the libraries of this host.
 * @throws SeeError `SAMPLE_UNSUITABLE` when nothing in a Linux guest runs it, or what `injectSample` throws
 */
export async function openSample(
  context: SeeContext,
  sample: string,
  options: OpenOptions = {},
): Promise<OpenedSample> {
  const { openInGuest } = await import('./open-in-guest.ts')
  return await openInGuest(context, sample, options)
}

/**
 * Finds what has to stand before the path of a sample that a command of the user's starts: for a dynamic program whose
 * libraries the guest lacks, the loader and the libraries of this host, which are brought along. Nothing is refused: a
 * command may know what it does.
 * @param path where `injectSample` brought it
 */
export async function loaderFor(
  context: SeeContext,
  sample: string,
  path: string,
  options: Pick<OpenOptions, 'entry' | 'copy' | 'signal'> = {},
): Promise<readonly string[]> {
  const { loaderInGuest } = await import('./open-in-guest.ts')
  return await loaderInGuest(context, sample, path, options)
}
