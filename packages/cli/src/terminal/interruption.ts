import { currentOwner, messageOf, SeeError } from '@see/core'
import { exitCodes } from '@see/runner/exit-codes'
import { Interrupted } from '@see/runner/interrupted'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const MOST_LATER_ERRORS = 20
/** Longer than any command; a timer of it only keeps the process alive. */
const LONG_MS = 2 ** 31 - 1

/**
 * Turns what would end the process without a clean-up into an abort: Ctrl-C and the other signals that ask for the end
 * (SIGTERM, SIGHUP of a closed terminal, SIGQUIT), an error outside of every handler, an unhandled rejection, and
 * `process.exit`. The first signal aborts, the second hurries the clean-up, the third exits immediately.
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
  #count = 0

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

  /** Aborts with an `Interrupted`, or a SeeError `UNCAUGHT_ERROR` or `PROCESS_EXIT`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Aborts at the second signal: nothing of a hook is worth waiting for any more. */
  get hurry(): AbortSignal {
    return this.#hurry.signal
  }

  /** Errors outside of every handler that came after the abort; at most twenty. */
  get laterErrors(): readonly SeeError[] {
    return this.#laterErrors
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive)
    for (const signal of SIGNALS) process.off(signal, this.#interrupt)
    process.off('uncaughtException', this.#uncaught)
    Object.defineProperty(process, 'exit', this.#exit)
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    this.#count += 1
    if (this.#count === 1) {
      this.#say('interrupted: cleaning up')
      this.#abort.abort(new Interrupted(signal))
    } else if (this.#count === 2) {
      this.#say('cleaning up is under way, without waiting for hooks; once more leaves behind what was made')
      this.#hurry.abort(new Interrupted(signal))
    } else {
      this.#leave()
    }
  }

  readonly #uncaught = (error: unknown): void => {
    // What `process.exit` threw into code that did not catch it is known already.
    if (error === this.#abort.signal.reason) return
    const message = `an error was thrown outside of every handler: ${messageOf(error)}`
    this.#end(new SeeError('UNCAUGHT_ERROR', message, { cause: error }))
  }

  readonly #refuseExit = (code?: number | string | null): never => {
    const who = currentOwner()?.name ?? 'code outside of every hook'
    const message = `${who} called process.exit(${code ?? ''}) during the run; throw an error instead`
    const error = new SeeError('PROCESS_EXIT', message)
    this.#end(error)
    throw error
  }

  #end(error: SeeError): void {
    if (!this.#abort.signal.aborted) {
      this.#say(`${error.message}: cleaning up`)
      this.#abort.abort(error)
    } else if (this.#laterErrors.length < MOST_LATER_ERRORS) {
      this.#laterErrors.push(error)
    }
  }
}
