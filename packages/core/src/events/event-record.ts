import type { SeeEvent } from './event.ts'

/** What is known of one handler's run for one event. */
export interface HandlerRun {
  /** Who subscribed it and the function's name, `owner.function`. */
  readonly handler: string
  readonly asynchronous: boolean
  /** Milliseconds it took; missing while it is still running. */
  durationMs?: number
  /** What it threw; missing when it did not. */
  error?: unknown
}

/** What is known of one event; once its synchronous handlers have run, the whole of them. */
export interface EventRecord {
  /** Counts the events of a context from 1, in the order in which they were fired. */
  readonly sequence: number
  /** The event inside whose synchronous handler this one was fired. */
  readonly parent?: number
  readonly event: SeeEvent
  readonly handlers: readonly HandlerRun[]
}

/** Follows every event of a context: for timelines and tests. What it throws is logged. */
export interface EventObserver {
  /** The event is fired, and its handlers run next; `handlers` of the record is empty. */
  eventFired?(record: EventRecord): void
  /** A handler begins; it is the last of the record's `handlers`. */
  handlerStarted?(record: EventRecord, run: HandlerRun): void
  /** A handler has ended, which an asynchronous one may do after `eventHandled`. */
  handlerEnded?(record: EventRecord, run: HandlerRun): void
  /** The event's synchronous handlers have run; asynchronous ones may still be running. */
  eventHandled?(record: EventRecord): void
}

/** A handler that threw. */
export interface HandlerFailure {
  readonly event: string
  readonly handler: string
  readonly error: unknown
}
