import { exitCodes } from './exit-codes.ts'
import { Interrupted } from './interrupted.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Turns Ctrl-C, and SIGTERM, into an abort: the first aborts, the second says so again, the third leaves at once. */
export class Interruption implements Disposable {
  readonly #abort = new AbortController()
  readonly #say: (message: string) => void
  readonly #leave: () => void
  #count = 0

  constructor(say: (message: string) => void, leave: () => void = () => process.exit(exitCodes.interrupted)) {
    this.#say = say
    this.#leave = leave
    for (const signal of SIGNALS) process.on(signal, this.#interrupt)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupt)
  }

  readonly #interrupt = (): void => {
    this.#count += 1
    if (this.#count === 1) {
      this.#say('interrupted: cleaning up')
      this.#abort.abort(new Interrupted())
    } else if (this.#count === 2) {
      this.#say('cleaning up is under way; once more leaves without it, and leaves behind what was made')
    } else {
      this.#leave()
    }
  }
}
