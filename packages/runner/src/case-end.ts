import { SeeError } from '@see/core'
import { Deadline } from '@see/core/deadline'

/** Why a case ends before its time: its caller aborts it, or its deadline is reached. */
export class CaseEnd implements Disposable {
  readonly #abort = new AbortController()
  readonly #deadline: Deadline
  readonly #caller: AbortSignal | undefined

  /** With a deadline that is not above zero it has ended already, with `CONFIGURATION_INVALID`. */
  constructor(deadlineMs: number | null, caller: AbortSignal | undefined) {
    this.#deadline = this.#deadlineOf(deadlineMs)
    this.#caller = caller
    for (const signal of [caller, this.#deadline.signal]) {
      if (signal?.aborted === true) this.#abort.abort(signal.reason)
      signal?.addEventListener('abort', this.#end)
    }
  }

  /** Aborts with the caller's reason, or a SeeError `DEADLINE_REACHED`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** What is left for the sandbox, in milliseconds, one at least; null where there is no deadline. */
  get leftMs(): number | null {
    const { leftMs } = this.#deadline
    return leftMs === null ? null : Math.max(1, leftMs)
  }

  /** From now on the deadline is that of an environment, which fires an event before it ends. */
  follow(environment: AbortSignal): void {
    this.#deadline[Symbol.dispose]()
    const end = (): void => {
      const { reason } = environment
      const isReached = reason instanceof SeeError && reason.code === 'DEADLINE_REACHED'
      if (isReached) this.#abort.abort(this.#deadline.reached())
    }
    if (environment.aborted) end()
    else environment.addEventListener('abort', end, { once: true })
  }

  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]()
    this.#caller?.removeEventListener('abort', this.#end)
  }

  #deadlineOf(deadlineMs: number | null): Deadline {
    try {
      return new Deadline('the run', deadlineMs)
    } catch (error) {
      this.#abort.abort(error)
      return new Deadline('the run', null)
    }
  }

  readonly #end = (event: Event): void => {
    if (event.target instanceof AbortSignal) this.#abort.abort(event.target.reason)
  }
}
