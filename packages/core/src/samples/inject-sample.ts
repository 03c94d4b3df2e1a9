import type { SeeContext } from '../context/see-context.ts'
import type { InjectOptions } from './bring-sample.ts'

export type { InjectOptions } from './bring-sample.ts'

/**
 * Brings a file or a folder into the running guest and makes it executable: through the guest agent when it is small, else
 * on a read-only disk that is plugged in and unplugged again. A Windows guest gets it through the agent whatever its size,
 * and gets no folders.
 * @param path of a file or folder on this host
 * @returns where it, or its entry, is in the guest: a path of ours, of which a file's name decides only the extension
 * @throws SeeError `FILE_UNREADABLE`, `SAMPLE_UNSUITABLE` or `SAMPLE_INJECTION`, or what the agent's methods throw
 */
export async function injectSample(
  context: SeeContext,
  path: string,
  options: InjectOptions = {},
): Promise<string> {
  const { bringSample } = await import('./bring-sample.ts')
  return await bringSample(context, path, options)
}
