import type { SignalOptions } from '../common/abort.ts'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import { eventFamilies, type EventFamily } from './event-families.ts'
import type { Packet } from '../protocol/packet.ts'

/** Bounds what is kept for registrations that are still under way. */
const UNCLAIMED_MAX = 1000

export interface Registration {
  readonly family: EventFamily
  /** Asks the daemon for events; must call `claim` with the reply, before the packet after it is dispatched. */
  readonly register: (claim: (callbackId: number) => void) => Promise<{ callbackID: number }>
  readonly deregister: (callbackId: number) => Promise<unknown>
  readonly deliver: (body: Buffer) => void
}

/** Brings events to those who registered for them. None is lost, however close it comes to its registration. */
export class EventRouter {
  readonly #handlers = new Map<string, (body: Buffer) => void>()
  #unclaimed: { key: string; body: Buffer }[] = []
  #registering = 0

  dispatch(packet: Packet): void {
    const family = eventFamilies.get(packet.procedure)
    if (family === undefined) return
    // Each of these messages begins with the callback's identifier.
    const key = keyOf(family, packet.body.readInt32BE(0))
    const handler = this.#handlers.get(key)
    if (handler !== undefined) return handler(packet.body)
    // The daemon's event thread can overtake its reply to the registration.
    if (this.#registering > 0 && this.#unclaimed.length < UNCLAIMED_MAX) {
      this.#unclaimed.push({ key, body: packet.body })
    }
  }

  async add(registration: Registration, { signal }: SignalOptions): Promise<EventRegistration> {
    signal?.throwIfAborted()
    this.#registering++
    try {
      const { callbackID } = await registration.register((id) =>
        this.#claim(keyOf(registration.family, id), registration),
      )
      const result = new EventRegistration(async () => {
        this.#handlers.delete(keyOf(registration.family, callbackID))
        await registration.deregister(callbackID)
      })
      if (signal?.aborted === true) await result.off()
      signal?.throwIfAborted()
      return result
    } finally {
      if (--this.#registering === 0) this.#unclaimed = []
    }
  }

  #claim(key: string, { deliver }: Registration): void {
    this.#handlers.set(key, deliver)
    const ours = this.#unclaimed.filter((event) => event.key === key)
    this.#unclaimed = this.#unclaimed.filter((event) => event.key !== key)
    for (const { body } of ours) deliver(body)
  }
}

/** Events keep coming until it is disposed of, by {@link off} or `await using`. */
export class EventRegistration implements AsyncDisposable {
  readonly #deregister: () => Promise<void>
  #off: Promise<void> | undefined

  constructor(deregister: () => Promise<void>) {
    this.#deregister = deregister
  }

  /** No handler runs after this was called. Harmless when called again, and when the connection is gone. */
  off(): Promise<void> {
    this.#off ??= this.#deregister().catch((error: unknown) => {
      if (!(error instanceof LibvirtConnectionError)) throw error
    })
    return this.#off
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.off()
  }
}

function keyOf(family: EventFamily, callbackId: number): string {
  return `${family} ${callbackId}`
}
