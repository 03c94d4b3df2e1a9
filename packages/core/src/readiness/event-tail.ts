import type { EventRecord } from '../events/event-record.ts'

const MOST_EVENTS = 30

/** An event of the past. */
export interface PastEvent {
  readonly name: string
  readonly origin: string
  /** When it was fired, in milliseconds since the epoch. */
  readonly timestamp: number
}

/** The last events of a context, oldest first. */
export class EventTail {
  readonly events: PastEvent[] = []

  readonly eventFired = ({ event: { name, origin, timestamp } }: EventRecord): void => {
    this.events.push({ name, origin, timestamp })
    if (this.events.length > MOST_EVENTS) this.events.shift()
  }
}
