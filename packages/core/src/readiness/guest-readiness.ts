import { setTimeout as sleep } from 'node:timers/promises'
import { eitherSignal } from '../common/timeout-signal.ts'
import { SeeError } from '../common/errors.ts'
import { withTimeout } from '../common/with-timeout.ts'
import { diagnose } from './diagnose.ts'
import type { Diagnosis, PastEvent } from './diagnosis.ts'
import { NotReadyError } from './not-ready-error.ts'
import type { Readiness, ReadyOptions } from './ready-options.ts'
import { untilMatched } from './serial-source.ts'
import { chosenSources, type WatchedSource } from './chosen-sources.ts'
import type { WaitingGuest } from './waiting-guest.ts'

const TIMEOUT_MS = 120_000
const STATE_AGAIN_MS = 250
/** How Linux ends what it says of a panic. */
const PANIC = /end Kernel panic - not syncing/

/**
 * Waits until the guest is seen to be ready by one of the sources; one that ends before fails the wait early.
 * @returns the error, with what was seen of the guest, when it is not ready in time
 * @throws SeeError `CONFIGURATION_INVALID` or `ABILITY_MISSING`, or the signal's reason
 */
export async function awaitReadiness(
  guest: WaitingGuest,
  events: readonly PastEvent[],
  options: ReadyOptions,
): Promise<Readiness | NotReadyError> {
  const beganMs = performance.now()
  const sources = await chosenSources(guest, options)
  const { timeoutMs = TIMEOUT_MS } = options
  const signal = eitherSignal(guest.signal, options.signal)
  signal.throwIfAborted()
  const over = new AbortController()
  const waits = sources.map((source) => waitFor(source, over.signal))
  try {
    const first = Promise.race([
      Promise.any(waits),
      untilEnded(guest, over.signal),
      untilPanicked(guest, over.signal),
    ])
    const { by, detail } = await withTimeout(timeoutMs, first, timedOut, signal)
    return { by, detail, afterMs: Math.round(performance.now() - beganMs) }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const afterMs = Math.round(performance.now() - beganMs)
    const waitedFor = sources.map(({ by }) => by)
    const diagnosis: Diagnosis = await diagnose(guest, { waitedFor, afterMs, events })
    if (signal.aborted) throw signal.reason
    return new NotReadyError(diagnosis, { cause: error })
  } finally {
    over.abort()
  }
}

async function waitFor({ by, until }: WatchedSource, signal: AbortSignal) {
  return { by, detail: (await until(signal)) ?? null }
}

/** Never resolves: a guest that has ended gets ready no more. */
async function untilEnded(guest: WaitingGuest, signal: AbortSignal): Promise<never> {
  for (;;) {
    // Who cannot be asked now may be so later.
    const state = await guest.state().catch(() => undefined)
    if (state === 'shutoff' || state === 'crashed') {
      throw new SeeError('GUEST_STOPPED', `the guest is ${state}`)
    }
    await sleep(STATE_AGAIN_MS, undefined, { signal })
  }
}

/**
 * Has the console read meanwhile, so that its end is there for the diagnosis. Never resolves: a guest whose kernel panics
 * gets ready no more, and few guests have a device that reports it.
 */
async function untilPanicked(guest: WaitingGuest, signal: AbortSignal): Promise<never> {
  const { console } = guest.resources.abilities
  const hasConsole = await console?.isConfigured().catch(() => false)
  // What cannot be read says nothing.
  if (hasConsole === true) await untilMatched(guest, PANIC, { signal }).catch(() => endless())
  else await endless()
  throw new SeeError('GUEST_STOPPED', 'the kernel of the guest panicked')
}

function endless(): Promise<never> {
  return new Promise<never>(() => undefined)
}

function timedOut(): SeeError {
  return new SeeError('NOT_READY', 'the time is over')
}
