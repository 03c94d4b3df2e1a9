import { runAs } from './actor.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import { SeeEvent } from './event.ts'
import type { EventObserver, EventRecord, HandlerFailure, HandlerRun } from './event-record.ts'
import type { Logger } from '../common/logger.ts'
import { HandlerBounds } from './handler-bounds.ts'
import { nameOf } from './owner.ts'
import { RecordedRun } from './recorded-run.ts'
import type { Subscription } from './subscription.ts'
import { CriticalSection } from './critical-section.ts'

/** What `dispatch` returns when nothing had to be waited for: told apart by identity, it keeps such events fast. */
export const DONE = Promise.resolve()

/** A storm of failures must not fill the memory and the report. */
const MOST_FAILURES = 1000

/** One event on its way through its handlers. */
interface Dispatch {
  readonly event: SeeEvent
  readonly sequence: number
  readonly outer: CriticalSection | undefined
  /** None without an observer. */
  readonly record: (EventRecord & { readonly handlers: HandlerRun[] }) | undefined
}

interface AsynchronousRun {
  readonly subscription: Subscription
  ended: Promise<void>
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Runs the handlers of one context's events. Nothing that a handler or an observer throws comes out of it. */
export class Dispatcher {
  readonly failures: HandlerFailure[] = []
  readonly observers = new Set<EventObserver>()
  readonly running = new Set<AsynchronousRun>()
  readonly bounds = new HandlerBounds()
  readonly #context: object
  readonly #logger: Logger
  /** Refusals of events, which the code that fired them may throw again. */
  readonly #refusals = new Set<unknown>()
  #sequence = 0

  constructor(context: object, logger: Logger) {
    this.#context = context
    this.#logger = logger
  }

  /**
   * @param parent the event inside whose handler this one was fired
   * @param outer the turn, of whatever context, in which it was
   */
  dispatch(
    event: SeeEvent,
    subscriptions: readonly Subscription[],
    parent: number | undefined,
    outer: CriticalSection | undefined,
  ): Promise<void> {
    const sequence = ++this.#sequence
    SeeEvent.count(event, sequence)
    const observed = this.observers.size > 0
    if (subscriptions.length === 0 && !observed) return DONE
    const record = observed
      ? { sequence, ...(parent === undefined ? {} : { parent }), event, handlers: [] }
      : undefined
    const dispatch = { event, sequence, outer, record }
    if (record !== undefined) this.#tell((observer) => observer.eventFired?.(record))
    for (const subscription of subscriptions) {
      if (subscription.asynchronous) this.#start(subscription, dispatch)
    }
    for (let index = 0; index < subscriptions.length; index++) {
      const running = this.#call(subscriptions[index], dispatch)
      if (running !== undefined) return this.#goOn(running, subscriptions, index + 1, dispatch)
    }
    this.#tellHandled(dispatch)
    return DONE
  }

  async #goOn(
    running: Promise<void>,
    subscriptions: readonly Subscription[],
    from: number,
    dispatch: Dispatch,
  ): Promise<void> {
    await running
    for (let index = from; index < subscriptions.length; index++) {
      await this.#call(subscriptions[index], dispatch)
    }
    this.#tellHandled(dispatch)
  }

  /** Runs a synchronous handler; returns a promise only if it, or what it fired, must be waited for. */
  #call(subscription: Subscription | undefined, dispatch: Dispatch): Promise<void> | undefined {
    if (subscription === undefined || subscription.asynchronous || !subscription.active) return undefined
    const turn = new CriticalSection(subscription.owner, this.#context, dispatch.sequence, {
      outer: dispatch.outer,
      run: { subscription, event: dispatch.event.name },
    })
    const run = this.#begin(subscription, dispatch)
    let result: unknown
    try {
      result = runAs(turn, subscription.handle, dispatch.event)
    } catch (error) {
      this.#fail(error, subscription, dispatch, run)
    }
    if (isThenable(result) || turn.pending) return this.#await(result, turn, subscription, dispatch, run)
    turn.active = false
    this.#end(dispatch, run)
    return undefined
  }

  /** Waits for a synchronous handler within the bound of its owner; one that takes longer goes on, and is left behind. */
  #await(
    result: unknown,
    turn: CriticalSection,
    subscription: Subscription,
    dispatch: Dispatch,
    run: RecordedRun | undefined,
  ): Promise<void> {
    // By hand: promises for the bound would take half as long again as all the rest.
    return new Promise((resolve, reject) => {
      const over = (): void => {
        this.#end(dispatch, run)
        resolve()
      }
      const endTurn = (): Promise<void> | undefined => {
        if (turn.pending) return turn.end().then(over, reject)
        turn.active = false
        over()
        return undefined
      }
      // What the handler left to promises may still begin inside.
      const goOn = (): void => void DONE.then(endTurn)
      const fail = (error: unknown): void => {
        this.#fail(error, subscription, dispatch, run)
        goOn()
      }
      const bounded = this.bounds.begin(subscription.owner.eachHandlerTimeoutMs, (timeoutMs) => {
        // What it fires from now on is outside of this event.
        turn.active = false
        const what = `${nameOf(subscription)} took longer than ${timeoutMs} ms for "${dispatch.event}"`
        fail(new SeeError('HOOK_TIMEOUT', `${what}, and was left behind; raise handler_timeout`))
      })
      const inTime = (then: () => void): void => {
        if (this.bounds.end(bounded)) then()
      }
      Promise.resolve(result).then(
        () => inTime(goOn),
        (error: unknown) => inTime(() => fail(error)),
      )
    })
  }

  #start(subscription: Subscription, dispatch: Dispatch): void {
    if (!subscription.active) return
    const run = this.#begin(subscription, dispatch)
    let result: unknown
    try {
      result = runAs(subscription, subscription.handle, dispatch.event)
    } catch (error) {
      this.#fail(error, subscription, dispatch, run)
    }
    if (!isThenable(result)) {
      this.#end(dispatch, run)
      return
    }
    const running: AsynchronousRun = { subscription, ended: DONE }
    this.running.add(running)
    running.ended = this.#settle(result, running, dispatch, run)
  }

  async #settle(
    result: unknown,
    running: AsynchronousRun,
    dispatch: Dispatch,
    run: RecordedRun | undefined,
  ): Promise<void> {
    try {
      await result
    } catch (error) {
      this.#fail(error, running.subscription, dispatch, run)
    }
    this.running.delete(running)
    this.#end(dispatch, run)
  }

  #begin(subscription: Subscription, { record }: Dispatch): RecordedRun | undefined {
    if (record === undefined) return undefined
    const run = new RecordedRun(subscription)
    record.handlers.push(run)
    this.#tell((observer) => observer.handlerStarted?.(record, run))
    run.begin()
    return run
  }

  #end({ record }: Dispatch, run: RecordedRun | undefined): void {
    if (record === undefined || run === undefined) return
    run.end()
    this.#tell((observer) => observer.handlerEnded?.(record, run))
  }

  #tellHandled({ record }: Dispatch): void {
    if (record !== undefined) this.#tell((observer) => observer.eventHandled?.(record))
  }

  #tell(tell: (observer: EventObserver) => void): void {
    for (const observer of this.observers) {
      try {
        tell(observer)
      } catch (error) {
        this.#logger.error({ err: error }, `observer failed: ${messageOf(error)}`)
      }
    }
  }

  #fail(error: unknown, subscription: Subscription, { event }: Dispatch, run: RecordedRun | undefined): void {
    if (run !== undefined) run.error = error
    this.record({ event: event.name, handler: nameOf(subscription), error })
  }

  /** Puts a failure on record, once each and the first thousand of them, and that there are more. */
  record({ event, handler, error }: HandlerFailure): void {
    const { failures } = this
    if (this.#refusals.has(error) || failures.length > MOST_FAILURES) return
    if (error instanceof SeeError && error.code === 'EVENT_LIMIT') this.#refusals.add(error)
    if (failures.length === MOST_FAILURES) {
      const message = `more handlers failed than the ${MOST_FAILURES} that are on record`
      failures.push({ event, handler, error: new SeeError('EVENT_LIMIT', message) })
      this.#logger.error(message)
      return
    }
    failures.push({ event, handler, error })
    this.#logger.error({ event, handler, err: error }, `handler failed: ${messageOf(error)}`)
  }
}
