import { currentActor, runAs } from './actor.ts'
import { messageOf } from './errors.ts'
import {
  type AnyEvent,
  type Attributes,
  type AttributesArgument,
  type EventName,
  type EventOf,
  SeeEvent,
} from './event.ts'
import type { ConfiguredEventName } from './event-names.ts'
import type { EventObserver, EventRecord, HandlerFailure, HandlerRun } from './event-record.ts'
import type { Logger } from './logger.ts'
import { type Handler, nameOf, type Subscription, Subscriptions } from './subscription.ts'
import { Turn } from './turn.ts'
import { Turns } from './turns.ts'

const DONE = Promise.resolve()

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Fires events at the handlers subscribed to them. */
export class Observable {
  readonly logger: Logger
  protected readonly turns = new Turns(this)
  readonly #subscriptions = new Subscriptions()
  readonly #observers = new Set<EventObserver>()
  readonly #running = new Map<Promise<void>, string>()
  readonly #failures: HandlerFailure[] = []
  #sequence = 0

  constructor(logger: Logger) {
    this.logger = logger
  }

  /**
   * Subscribes a handler that holds `trigger` back until it is done. Handlers run one at a time, in the order in which
   * they were subscribed; what they trigger runs inside, before they go on.
   */
  subscribe<Name extends EventName>(event: Name, handler: Handler<EventOf<Name>>): Disposable
  subscribe(event: ConfiguredEventName, handler: Handler<AnyEvent>): Disposable
  subscribe(event: string, handler: Handler<never>): Disposable {
    return this.#add(event, handler, false)
  }

  /** Subscribes a handler that starts with the event and does not hold `trigger` back. */
  subscribeAsync<Name extends EventName>(event: Name, handler: Handler<EventOf<Name>>): Disposable
  subscribeAsync(event: ConfiguredEventName, handler: Handler<AnyEvent>): Disposable
  subscribeAsync(event: string, handler: Handler<never>): Disposable {
    return this.#add(event, handler, true)
  }

  /** Ends a subscription; returns whether there was one. */
  unsubscribe<Name extends EventName>(event: Name, handler: Handler<EventOf<Name>>): boolean
  unsubscribe(event: ConfiguredEventName, handler: Handler<AnyEvent>): boolean
  unsubscribe(event: string, handler: Handler<never>): boolean {
    return this.#subscriptions.remove(event, (subscription) => subscription.handle === handler)
  }

  /**
   * Fires an event and resolves when its synchronous handlers have run. Triggers run one after the other; one from
   * inside a synchronous handler runs at once. A handler that throws is logged and put on record in `failures`.
   * @throws SeeError `EVENT_RESERVED_ATTRIBUTE`
   */
  trigger<Name extends EventName>(event: Name, ...attributes: AttributesArgument<Name>): Promise<void>
  trigger(event: ConfiguredEventName, attributes?: Attributes): Promise<void>
  trigger(event: SeeEvent): Promise<void>
  trigger(event: string | SeeEvent, attributes?: object): Promise<void> {
    return this.triggerAs(currentActor()?.origin, event, attributes)
  }

  /** Handlers that threw so far, oldest first. */
  get failures(): readonly HandlerFailure[] {
    return this.#failures
  }

  /** Names of the asynchronous handlers still running. */
  get running(): string[] {
    return [...this.#running.values()]
  }

  /** Resolves when no asynchronous handler is running any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.keys())
  }

  /** Tells an observer of every event from now on. */
  observe(observer: EventObserver): Disposable {
    this.#observers.add(observer)
    return { [Symbol.dispose]: () => void this.#observers.delete(observer) }
  }

  /** `trigger` in the name of `origin`. */
  protected triggerAs(
    origin: string | undefined,
    event: string | SeeEvent,
    attributes?: object,
  ): Promise<void> {
    const fired = typeof event === 'string' ? SeeEvent.create(event, attributes, origin) : event
    const current = this.turns.current()
    if (current !== undefined) {
      const handled = this.#dispatch(fired, current.sequence)
      return handled === DONE ? DONE : current.track(handled)
    }
    return this.turns.tryAcquire() ? this.#dispatchAlone(fired) : this.#dispatchLater(fired)
  }

  #dispatchAlone(event: SeeEvent): Promise<void> {
    const handled = this.#dispatch(event, undefined)
    if (handled !== DONE) return handled.finally(() => this.turns.release())
    this.turns.release()
    return DONE
  }

  async #dispatchLater(event: SeeEvent): Promise<void> {
    await this.turns.acquire()
    await this.#dispatchAlone(event)
  }

  #add(event: string, handler: Handler<never>, asynchronous: boolean): Disposable {
    const owner = currentActor()?.origin ?? 'environment'
    const subscription: Subscription = { handle: handler, owner, asynchronous, active: true }
    this.#subscriptions.add(event, subscription)
    return {
      [Symbol.dispose]: () => void this.#subscriptions.remove(event, (other) => other === subscription),
    }
  }

  /** Returns DONE itself when nothing had to be waited for, which keeps synchronous handlers fast. */
  #dispatch(event: SeeEvent, parent: number | undefined): Promise<void> {
    const sequence = ++this.#sequence
    const subscriptions = this.#subscriptions.of(event.name)
    if (subscriptions.length === 0 && this.#observers.size === 0) return DONE
    const dispatch: Dispatch = { event, turn: new Turn(this, sequence), record: undefined }
    if (this.#observers.size > 0) {
      dispatch.record = { sequence, ...(parent === undefined ? {} : { parent }), event, handlers: [] }
    }
    for (const subscription of subscriptions)
      if (subscription.asynchronous) this.#start(subscription, dispatch)
    for (let index = 0; index < subscriptions.length; index++) {
      const running = this.#call(subscriptions[index], dispatch)
      if (running !== undefined) return this.#finish(running, subscriptions, index + 1, dispatch)
    }
    this.#end(dispatch)
    return DONE
  }

  async #finish(
    running: Promise<void>,
    subscriptions: readonly Subscription[],
    from: number,
    dispatch: Dispatch,
  ): Promise<void> {
    await running
    for (let index = from; index < subscriptions.length; index++)
      await this.#call(subscriptions[index], dispatch)
    this.#end(dispatch)
  }

  #end(dispatch: Dispatch): void {
    dispatch.turn.active = false
    if (dispatch.record !== undefined) {
      for (const observer of this.#observers) observer.eventHandled?.(dispatch.record)
    }
  }

  /** Runs a synchronous handler; returns a promise only if it, or what it triggered, must be waited for. */
  #call(subscription: Subscription | undefined, dispatch: Dispatch): Promise<void> | undefined {
    if (subscription === undefined || subscription.asynchronous || !subscription.active) return undefined
    const { event, turn } = dispatch
    const settle = this.#watch(subscription, dispatch)
    let result: unknown
    try {
      result = runAs({ origin: subscription.owner, turn }, subscription.handle, event)
    } catch (error) {
      settle(error)
      return turn.pending ? turn.drained() : undefined
    }
    if (!isThenable(result) && !turn.pending) {
      settle()
      return undefined
    }
    return this.#await(result, turn).then(() => settle(), settle)
  }

  async #await(result: unknown, turn: Turn): Promise<void> {
    try {
      await result
    } finally {
      await turn.drained()
    }
  }

  #start(subscription: Subscription, dispatch: Dispatch): void {
    const settle = this.#watch(subscription, dispatch)
    let result: unknown
    try {
      result = runAs({ origin: subscription.owner, turn: undefined }, subscription.handle, dispatch.event)
    } catch (error) {
      settle(error)
      return
    }
    if (!isThenable(result)) {
      settle()
      return
    }
    const running = Promise.resolve(result)
      .then(() => settle(), settle)
      .then(() => void this.#running.delete(running))
    this.#running.set(running, nameOf(subscription))
  }

  /** Returns what is to be called once the handler has ended, with its error if it threw. */
  #watch(subscription: Subscription, { event, record }: Dispatch): (...error: [unknown?]) => void {
    if (record === undefined) {
      return (...error) => {
        if (error.length > 0) this.#fail(event, subscription, error[0])
      }
    }
    const run: HandlerRun = { handler: nameOf(subscription), asynchronous: subscription.asynchronous }
    record.handlers.push(run)
    const start = performance.now()
    return (...error) => {
      run.durationMs = performance.now() - start
      if (error.length > 0) {
        run.error = error[0]
        this.#fail(event, subscription, error[0])
      }
      if (subscription.asynchronous) {
        for (const observer of this.#observers) observer.handlerSettled?.(record, run)
      }
    }
  }

  #fail(event: SeeEvent, subscription: Subscription, error: unknown): void {
    const handler = nameOf(subscription)
    this.#failures.push({ event: event.name, handler, error })
    this.logger.error({ event: event.name, handler, err: error }, `handler failed: ${messageOf(error)}`)
  }
}

/** One event on its way through its handlers. */
interface Dispatch {
  readonly event: SeeEvent
  readonly turn: Turn
  record: (EventRecord & { readonly handlers: HandlerRun[] }) | undefined
}
