import type { SeeEvent } from './event.ts'

export type Handler<E extends SeeEvent> = (event: E) => unknown

/**
 * A handler with what is told of it: to whom it belongs and how it is run. Which events it can take is known only by
 * the name it is kept under, hence a method: its parameter is compared bivariantly.
 */
export interface Subscription {
  handle(this: void, event: SeeEvent): unknown
  /** Who subscribed it; also the origin of what it triggers. */
  readonly owner: string
  readonly asynchronous: boolean
  active: boolean
}

/** `owner.function`, for logs and records. */
export function nameOf(subscription: Subscription): string {
  const name = subscription.handle.name.replace(/^bound /, '')
  return `${subscription.owner}.${name === '' ? 'anonymous' : name}`
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

  /** Returns whether it was there. */
  remove(event: string, matches: (subscription: Subscription) => boolean): boolean {
    const found = this.of(event).find(matches)
    if (found === undefined) return false
    found.active = false
    const rest = this.of(event).filter((subscription) => subscription !== found)
    if (rest.length === 0) this.#byEvent.delete(event)
    else this.#byEvent.set(event, rest)
    return true
  }
}
