import { setImmediate } from 'node:timers/promises'
import { currentActor } from './actor.ts'
import { nameOf, type Owner } from './owner.ts'
import { DONE, Dispatcher } from './dispatcher.ts'
import { SeeError } from '../common/errors.ts'
import {
  type AnyEvent,
  type Attributes,
  type AttributesArgument,
  type EventName,
  type EventOf,
  SeeEvent,
} from './event.ts'
import type { ConfiguredEventName } from './event-names.ts'
import { EventLoop } from '../common/event-loop.ts'
import { nestedTooDeep } from './event-nesting.ts'
import type { EventObserver, HandlerFailure } from './event-record.ts'
import type { Mutex } from './mutex.ts'
import type { Logger } from '../common/logger.ts'
import { type Handler, type Subscription, Subscriptions } from './subscription.ts'
import type { CriticalSection } from './critical-section.ts'
import { TurnQueue } from './turn-queue.ts'

/** The code that made the environment. */
const USER: Owner = { name: 'environment' }

/** How many events may wait to be fired, and how many asynchronous handlers may run. */
const MOST_WAITING = 10_000

/** Fires events at the handlers subscribed to them. */
export class Observable {
  readonly logger: Logger
  protected readonly turns = new TurnQueue(this)
  readonly #subscriptions = new Subscriptions()
  readonly #dispatcher: Dispatcher
  readonly #loop = new EventLoop()

  constructor(logger: Logger) {
    this.logger = logger
    this.#dispatcher = new Dispatcher(this, logger)
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

  /** Ends a subscription, the oldest if there are several; returns whether there was one. */
  unsubscribe<Name extends EventName>(event: Name, handler: Handler<EventOf<Name>>): boolean
  unsubscribe(event: ConfiguredEventName, handler: Handler<AnyEvent>): boolean
  unsubscribe(event: string, handler: Handler<never>): boolean {
    return this.#subscriptions.remove(event, (subscription) => subscription.handle === handler)
  }

  /** Ends every subscription that was made in the name of `owner`. */
  unsubscribeAll(owner: Owner): void {
    this.#subscriptions.removeAllOf(owner)
  }

  /**
   * Fires an event and resolves when its synchronous handlers have run. Triggers run one after the other; one from
   * inside a synchronous handler that has not ended runs immediately. A handler that throws is logged and put on
   * record in `failures`.
   * @throws SeeError `EVENT_RESERVED_ATTRIBUTE`, or `EVENT_LIMIT` for one fired inside handlers fifty deep, or when ten
   * thousand wait; then it is also on record
   */
  trigger<Name extends EventName>(event: Name, ...attributes: AttributesArgument<Name>): Promise<void>
  trigger(event: ConfiguredEventName, attributes?: Attributes): Promise<void>
  trigger(event: SeeEvent): Promise<void>
  trigger(event: string | SeeEvent, attributes?: object): Promise<void> {
    try {
      const actor = currentActor()
      const origin = (actor?.owner ?? USER).name
      const fired = typeof event === 'string' ? SeeEvent.create(event, attributes, origin) : event
      this.assertOpen(fired)
      const outer = actor?.turn
      const refusal = outer?.active === true ? nestedTooDeep(fired.name, outer) : undefined
      if (refusal !== undefined) return this.#refuse(refusal, fired, outer)
      const inside = outer?.within(this)
      const mutex = this.turns.mutex(inside)
      if (Math.max(mutex.waiting, this.#dispatcher.running.size) >= MOST_WAITING) {
        return this.#refuse(tooMany(fired, origin), fired, outer)
      }
      if (this.#loop.isHeldUp() || !mutex.tryEnter()) return this.#queue(mutex, fired, inside, outer)
      return this.#pass(mutex, fired, inside, outer)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Handlers that threw so far, oldest first. */
  get failures(): readonly HandlerFailure[] {
    return this.#dispatcher.failures
  }

  /** Names of the asynchronous handlers still running. */
  get running(): string[] {
    return Array.from(this.#dispatcher.running, ({ subscription }) => nameOf(subscription))
  }

  /** Resolves when nothing runs any more: no asynchronous handler, no other trigger and no transition. */
  async settled(): Promise<void> {
    const { running } = this.#dispatcher
    do {
      await Promise.all(Array.from(running, ({ ended }) => ended))
      await this.turns.idle()
    } while (running.size > 0)
  }

  /** Tells an observer of every event from now on. */
  observe(observer: EventObserver): Disposable {
    const { observers } = this.#dispatcher
    observers.add(observer)
    return { [Symbol.dispose]: () => void observers.delete(observer) }
  }

  /** Handlers that still run are left behind. */
  protected leaveHandlers(): void {
    this.#dispatcher.bounds.close()
  }

  /** Throws when nothing may be fired any more. */
  protected assertOpen(_event: SeeEvent | string): void {}

  async #queue(
    mutex: Mutex,
    event: SeeEvent,
    inside?: CriticalSection,
    outer?: CriticalSection,
  ): Promise<void> {
    await mutex.enter()
    if (this.#loop.isHeldUp()) await setImmediate()
    await this.#pass(mutex, event, inside, outer)
  }

  /** The code that fired it may not await it: then the failure is on record, without another effect. */
  #refuse(refusal: SeeError, event: SeeEvent, turn: CriticalSection | undefined): Promise<void> {
    const run = turn?.run
    const handler = run === undefined ? event.origin : nameOf(run.subscription)
    this.#dispatcher.record({ event: run?.event ?? event.name, handler, error: refusal })
    const refused = Promise.reject<void>(refusal)
    refused.catch(() => undefined)
    return refused
  }

  #pass(mutex: Mutex, event: SeeEvent, inside?: CriticalSection, outer?: CriticalSection): Promise<void> {
    let handled = DONE
    try {
      // Again, for it may have waited beyond the end.
      this.assertOpen(event)
      const subscriptions = this.#subscriptions.of(event.name)
      handled = this.#dispatcher.dispatch(event, subscriptions, inside?.sequence, outer)
    } finally {
      if (handled === DONE) mutex.leave()
    }
    return handled === DONE ? DONE : handled.finally(() => mutex.leave())
  }

  #add(event: string, handler: Handler<never>, asynchronous: boolean): Disposable {
    const owner = currentActor()?.owner ?? USER
    const subscription: Subscription = { handle: handler, owner, turn: undefined, asynchronous, active: true }
    this.#subscriptions.add(event, subscription)
    return {
      [Symbol.dispose]: () => void this.#subscriptions.remove(event, (other) => other === subscription),
    }
  }
}

function tooMany(event: SeeEvent, origin: string): SeeError {
  return new SeeError(
    'EVENT_LIMIT',
    `${origin} cannot fire "${event}": ${MOST_WAITING} events wait to be fired, or as many asynchronous handlers run; wait for what you fire, or fire less`,
  )
}
