import type { HandlerRun } from './event-record.ts'
import { nameOf } from './owner.ts'
import type { Subscription } from './subscription.ts'

/** A handler's run, as observers get it. */
export class RecordedRun implements HandlerRun {
  readonly handler: string
  readonly asynchronous: boolean
  declare durationMs?: number
  declare error?: unknown
  #start = 0

  constructor(subscription: Subscription) {
    this.handler = nameOf(subscription)
    this.asynchronous = subscription.asynchronous
  }

  /** What observers do before is not the handler's time. */
  begin(): void {
    this.#start = performance.now()
  }

  end(): void {
    this.durationMs = performance.now() - this.#start
  }
}
