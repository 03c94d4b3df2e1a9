import { currentOwner, messageOf, SeeError } from '@see/core'
import { processBoundsMs } from './process-bounds.ts'
import { exitCodes } from '../report/exit-codes.ts'
import { Interrupted } from '../report/interrupted.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const MOST_LATER_ERRORS = 20
/** Longer than any command; a timer of it only keeps the process alive. */
const LONG_MS = 2 ** 31 - 1

/**
 * Turns what would end the process without a clean-up into an abort: Ctrl-C and the other signals that ask for the end
 * (SIGTERM, SIGHUP of a closed terminal, SIGQUIT), an error outside of every handler, an unhandled rejection, and
 * `process.exit`. The first signal aborts; the second exits immediately, and leaves to the next run what is not cleaned up.
 *
 * It is for the process as a whole: make one, give its signals to every environment or case, and dispose it after them.
 */
export class Interruption implements Disposable {
  readonly #abort = new AbortController()
  readonly #hurry = new AbortController()
  readonly #say: (message: string) => void
  readonly #leave: () => void
  readonly #exit = Object.getOwnPropertyDescriptor(process, 'exit') ?? {}
  // An event loop that has nothing to wait for would end the process in the middle of a protocol.
  readonly #alive = setInterval(() => undefined, LONG_MS)
  readonly #laterErrors: SeeError[] = []
  #patience: NodeJS.Timeout | undefined
  #isInterrupted = false

  /**
   * @param say shows the user what is being done
   * @param leave exits when not given
   */
  constructor(say: (message: string) => void, leave?: () => void) {
    this.#say = say
    const exit = (): void => {
      this[Symbol.dispose]()
      process.exit(exitCodes.interrupted)
    }
    this.#leave = leave ?? exit
    for (const signal of SIGNALS) process.on(signal, this.#interrupt)
    process.on('uncaughtException', this.#uncaught)
    process.exit = this.#refuseExit
  }

  /** Aborts with an `Interrupted`, or a SeeError `UNCAUGHT_ERROR`, `PROCESS_EXIT` or `EVENT_LOOP_BLOCKED`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /**
   * Aborts fifteen seconds after `signal`, or when something was broken off: what hooks do is not worth waiting for any more.
   */
  get hurry(): AbortSignal {
    return this.#hurry.signal
  }

  /** Errors outside of every handler that came after the abort; at most twenty. */
  get laterErrors(): readonly SeeError[] {
    return this.#laterErrors
  }

  /** Ends the command because of an error that came from outside of it, such as that of a watchdog. */
  readonly fail = (error: SeeError): void => {
    if (this.#begin(error)) this.#say(`${error.message}: cleaning up`)
    else if (this.#laterErrors.length < MOST_LATER_ERRORS) this.#laterErrors.push(error)
    // What was broken off never ends: it is not worth waiting for.
    if (error.code === 'EVENT_LOOP_BLOCKED') this.#hurry.abort(error)
  };

  [Symbol.dispose](): void {
    clearInterval(this.#alive)
    clearTimeout(this.#patience)
    for (const signal of SIGNALS) process.off(signal, this.#interrupt)
    process.off('uncaughtException', this.#uncaught)
    Object.defineProperty(process, 'exit', this.#exit)
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (this.#isInterrupted) {
      this.#say('leaving immediately; what is not cleaned up yet is left behind')
      this.#leave()
      return
    }
    this.#isInterrupted = true
    this.#begin(new Interrupted(signal))
    this.#say('interrupted: cleaning up; once more leaves immediately')
  }

  readonly #uncaught = (error: unknown): void => {
    // What `process.exit` threw into code that did not catch it is known already.
    if (error === this.#abort.signal.reason) return
    const message = `an error was thrown outside of every handler: ${messageOf(error)}`
    this.fail(new SeeError('UNCAUGHT_ERROR', message, { cause: error }))
  }

  readonly #refuseExit = (code?: number | string | null): never => {
    const who = currentOwner()?.name ?? 'code outside of every hook'
    const message = `${who} called process.exit(${code ?? ''}) during the run; throw an error instead`
    const error = new SeeError('PROCESS_EXIT', message)
    this.fail(error)
    throw error
  }

  /** Returns whether the command was still going on. */
  #begin(reason: unknown): boolean {
    if (this.#abort.signal.aborted) return false
    this.#abort.abort(reason)
    this.#patience = setTimeout(() => this.#hurry.abort(reason), processBoundsMs.patience)
    return true
  }
}
