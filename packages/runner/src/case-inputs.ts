import type { BuiltGuest, ContextFactory } from '@see/core'
import type { CaseInputs } from './case-options.ts'
import type { Progress } from './progress.ts'
import { resourcesFactory } from './resources-factory.ts'
import { type GivenSample, givenSample } from './sample/given-sample.ts'
import { contentsOf, type GuestContents, tinyGuestContents } from './sample/guest-contents.ts'
import { buildTinyGuest, guestResources, type TinyGuest } from './tiny-guest/tiny-guest.ts'

interface Options {
  /** The guest that the inputs name, if they name one. */
  readonly built: BuiltGuest | undefined
  readonly tinyGuest?: TinyGuest | undefined
  readonly signal: AbortSignal
  readonly progress: Progress
}

/**
 * The sample of a case, recognised and unpacked; undefined where there is none.
 * @throws SeeError for what cannot be run, or the signal's reason
 */
export async function sampleOf(
  inputs: CaseInputs,
  { built, signal, progress }: Options,
): Promise<GivenSample | undefined> {
  const { sample, words = [], unpack = true, entry, password, command } = inputs
  if (sample === undefined) return undefined
  const given = await givenSample(sample, {
    ...(password === undefined ? {} : { password }),
    entry,
    command,
    words,
    unpack,
    guest: contentsFor(inputs, built),
    signal,
    progress: progress.step,
  })
  progress.note(`the sample: ${given.report.is}`)
  return given
}

/** What is in the guest, where SEE built it. */
function contentsFor(
  { resources, guest = '' }: CaseInputs,
  built: BuiltGuest | undefined,
): GuestContents | undefined {
  if (resources !== undefined) return undefined
  return built === undefined ? tinyGuestContents : contentsOf(built, guest)
}

/**
 * What makes the sandbox of a case.
 * @throws SeeError for resources that cannot be used, or the signal's reason
 */
export async function factoryOf(
  { resources, provider = 'embedded' }: CaseInputs,
  { built, tinyGuest = buildTinyGuest, signal, progress }: Options,
): Promise<ContextFactory> {
  if (typeof resources === 'function') return resources
  if (resources !== undefined) return resourcesFactory(resources)
  if (built !== undefined) return resourcesFactory(guestResources(built.folder, provider))
  progress.step('looking for the tiny guest')
  return resourcesFactory(guestResources(await tinyGuest({ signal, progress: progress.step }), provider))
}
