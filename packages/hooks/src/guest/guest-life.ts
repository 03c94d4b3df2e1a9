import { setTimeout as sleep } from 'node:timers/promises'
import { SeeError, type SeeContext } from '@see/core'

const INTERVAL_MS = 1000

/** Aborts with `GUEST_STOPPED` when the guest does not run any more, and with the context's signal. */
export class GuestLife implements Disposable {
  readonly signal: AbortSignal
  readonly #stopped = new AbortController()
  readonly #over = new AbortController()
  readonly #context: SeeContext
  readonly #subscriptions: Disposable[]

  constructor(context: SeeContext) {
    this.#context = context
    this.signal = AbortSignal.any([context.signal, this.#stopped.signal])
    const stopped = (): void => this.#stop('was powered off')
    this.#subscriptions = [
      context.subscribe('post_poweroff', stopped),
      context.subscribe('post_shutdown', stopped),
    ]
    void this.#watch()
  }

  /** Whether the guest, or its environment, has come to its end. */
  get ended(): boolean {
    return this.signal.aborted
  }

  /** Gives a guest that fell silent the time to stop; then says whether it did. */
  async endsWithin(timeoutMs: number): Promise<boolean> {
    for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; ) {
      if (this.ended) return true
      await this.#ask()
      await sleep(100)
    }
    return this.ended
  }

  [Symbol.dispose](): void {
    this.#over.abort()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }

  /** A guest can also stop itself, without an event. */
  async #watch(): Promise<void> {
    const signal = AbortSignal.any([this.signal, this.#over.signal])
    while (!signal.aborted) {
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await this.#ask()
    }
  }

  async #ask(): Promise<void> {
    const state = await this.#context.state().catch(() => 'gone')
    if (state === 'shutoff' || state === 'crashed' || state === 'gone') this.#stop(`was ${state}`)
  }

  #stop(how: string): void {
    this.#stopped.abort(new SeeError('GUEST_STOPPED', `the guest ${how} before the command had ended`))
  }
}
