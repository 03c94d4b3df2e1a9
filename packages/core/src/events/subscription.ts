import type { SeeEvent } from './event.ts'
import type { Owner } from './owner.ts'
import type { Actor } from './critical-section.ts'

export type Handler<E extends SeeEvent> = (event: E) => unknown

/**
 * A handler, its owner and how it is run. Which events it can take is known only by the name it is kept under, hence a
 * method: its parameter is compared bivariantly. As an actor, which an asynchronous handler runs as, it has no turn.
 */
export interface Subscription extends Actor {
  handle(this: void, event: SeeEvent): unknown
  /** Who subscribed it; also the origin of what it triggers. */
  readonly owner: Owner
  readonly turn: undefined
  readonly asynchronous: boolean
  active: boolean
}

/** The subscriptions of one context. The list of an event is replaced, never changed, so that it can be iterated. */
export class Subscriptions {
  readonly #byEvent = new Map<string, readonly Subscription[]>()

  of(event: string): readonly Subscription[] {
    return this.#byEvent.get(event) ?? []
  }

  add(event: string, subscription: Subscription): void {
    this.#byEvent.set(event, [...this.of(event), subscription])
  }

  /** Removes the first that matches; returns whether there was one. */
  remove(event: string, matches: (subscription: Subscription) => boolean): boolean {
    const found = this.of(event).find(matches)
    if (found === undefined) return false
    this.#keep(event, (subscription) => subscription !== found)
    return true
  }

  removeAllOf(owner: Owner): void {
    for (const event of this.#byEvent.keys()) {
      this.#keep(event, (subscription) => subscription.owner !== owner)
    }
  }

  #keep(event: string, stays: (subscription: Subscription) => boolean): void {
    const rest: Subscription[] = []
    for (const subscription of this.of(event)) {
      // Who is being iterated over must not run any more either.
      if (stays(subscription)) rest.push(subscription)
      else subscription.active = false
    }
    if (rest.length === 0) this.#byEvent.delete(event)
    else this.#byEvent.set(event, rest)
  }
}
