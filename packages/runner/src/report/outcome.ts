import { isFailedEnd, type SeeContext, SeeError } from '@see/core'
import { exitCodeOf, exitCodeOfFailure, gravestOf } from './exit-code.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { SampleReport } from '../sample/sample-report.ts'
import type { EvidenceFolder } from './evidence-folder.ts'

/** What is known of a run while it goes on, and after. */
export class Outcome {
  evidence: EvidenceFolder | undefined
  sample: SampleReport | undefined
  context: SeeContext | undefined
  events = 0
  /** When the run began, in milliseconds since the epoch. */
  readonly started = Date.now()
  /** Paths of the records of the commands that have finished. */
  readonly records: string[] = []
  readonly #signal: AbortSignal
  readonly #errors: unknown[] = []

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  fail(error: unknown): void {
    this.#errors.push(error)
  }

  /** What made the run fail. After an abort that is its reason, and what could not be cleaned up. */
  get error(): unknown {
    const { aborted, reason } = this.#signal
    const errors = aborted
      ? [reason, ...this.#errors.flatMap((error) => ownErrors(error, reason))]
      : this.#allErrors
    return errors.length > 1 ? new AggregateError(errors, 'the run failed in more than one way') : errors[0]
  }

  get exitCode(): ExitCode {
    if (this.#signal.aborted) return exitCodeOf(this.#signal.reason)
    const failures = this.context?.failures ?? []
    const codes = [
      ...this.#allErrors.map(exitCodeOf),
      ...failures.map((failure) => exitCodeOfFailure(failure.error)),
    ]
    return codes.length > 0 ? gravestOf(codes) : exitCodes.done
  }

  /** A guest that was killed, failed or crashed is an error even where the protocol went on to its end. */
  get #allErrors(): unknown[] {
    const end = this.context?.guestEnds.find(isFailedEnd)
    const isSaid = this.#errors.some((error) => error instanceof SeeError && error.code === 'GUEST_STOPPED')
    if (end === undefined || isSaid) return this.#errors
    return [...this.#errors, new SeeError('GUEST_STOPPED', `the guest ended unasked: ${end.detail}`)]
  }
}

/** The errors after an abort that are more than its consequence, a wait that ended. */
function ownErrors(error: unknown, reason: unknown): unknown[] {
  if (error === reason) return []
  if (error instanceof AggregateError) {
    // What could not be released stands beside what failed, which may be the reason itself.
    const others: unknown[] = error.errors.filter((each) => each !== reason)
    return others.length < error.errors.length ? others : [error]
  }
  const isOwn =
    error instanceof SeeError && (error.code === 'UNCAUGHT_ERROR' || error.code === 'RESULTS_LOST')
  return isOwn ? [error] : []
}
