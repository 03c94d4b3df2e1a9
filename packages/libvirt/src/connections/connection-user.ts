import { abortReason, onAbort, unlessAborted, type SignalOptions } from '../common/abort.ts'
import { CallQueue } from '../rpc/call-queue.ts'
import { connectionClosed } from '../common/connection-error.ts'
import type { EventFamily } from '../rpc/event-families.ts'
import type { EventHandles } from '../rpc/event-registration.ts'
import type { EventRegistration } from '../rpc/event-router.ts'
import { OwnConnection } from './own-connection.ts'
import type { ArgsOf, CallName, ResultOf } from '../protocol/procedure-types.ts'
import { CALLS_IN_FLIGHT_MAX, type RpcConnection } from '../rpc/rpc-connection.ts'

export interface PooledCall {
  readonly signal: AbortSignal
  /** Runs as the call is sent. */
  readonly onSend: () => void
  /** Runs when the daemon has answered, also if the call was given up. */
  readonly onAnswer: () => void
}

/** The connections that users share. */
export interface ConnectionPool {
  readonly uri: string
  /** Opens a connection that is not shared. */
  readonly open: (signal: AbortSignal) => Promise<RpcConnection>
  /** Makes a call now, or as soon as a place is free. */
  call<N extends CallName>(name: N, args: ArgsOf<N>, options: PooledCall): Promise<ResultOf<N>>
  leave(user: ConnectionUser): Promise<void>
}

/** One of those who share connections. What waits for the daemon on its behalf ends with it, and nothing else. */
export class ConnectionUser {
  /** Resolves when it ends: with the reason, or with undefined after {@link close}. */
  readonly closed: Promise<Error | undefined>
  readonly #connections: ConnectionPool
  /** Aborted, with the reason, when this ends. */
  readonly #waiting = new Set<AbortController>()
  /** As many as of a connection: libvirtd has few workers, of which a guest that answers nothing shall not take all. */
  readonly #queue = new CallQueue(CALLS_IN_FLIGHT_MAX)
  #events: Promise<OwnConnection> | undefined
  #failure: Error | undefined
  #resolveClosed: (reason: Error | undefined) => void = () => {}
  #closing: Promise<void> | undefined

  constructor(connections: ConnectionPool) {
    this.#connections = connections
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
  }

  /** The connections that it shares. */
  get connection(): object {
    return this.#connections
  }

  call<N extends CallName>(name: N, args: ArgsOf<N>, { signal }: SignalOptions = {}): Promise<ResultOf<N>> {
    return this.#untilEnd(signal, async (end) => {
      await this.#queue.turn(end)
      let isSent = false
      try {
        return await this.#connections.call(name, args, {
          signal: end,
          onSend: () => (isSent = true),
          onAnswer: this.#queue.done,
        })
      } finally {
        if (!isSent) this.#queue.done()
      }
    })
  }

  async on(
    family: EventFamily,
    eventId: number,
    deliver: (body: Buffer) => void,
    options: EventHandles & SignalOptions,
  ): Promise<EventRegistration> {
    if (this.#failure !== undefined) throw this.#failure
    this.#events ??= this.#openForEvents()
    try {
      const events = await unlessAborted(this.#events, options.signal)
      return await events.on(family, eventId, deliver, options)
    } catch (error) {
      // The connection for events was closed for it.
      throw this.#failure ?? error
    }
  }

  /** Fails what waits. */
  async end(failure: Error, reason: Error | undefined): Promise<void> {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#resolveClosed(reason)
    for (const controller of this.#waiting) controller.abort(failure)
    const events = await this.#events?.catch(() => undefined)
    await events?.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave(connectionClosed(this.#connections.uri), undefined)
    return this.#closing
  }

  async #leave(failure: Error, reason: Error | undefined): Promise<void> {
    await Promise.all([this.end(failure, reason), this.#connections.leave(this)])
  }

  /** One of its own: of each connection, libvirtd takes a registration only once. */
  async #openForEvents(): Promise<OwnConnection> {
    try {
      const events = new OwnConnection(await this.#untilEnd(undefined, this.#connections.open))
      void events.closed.then((reason) => reason && this.#leave(reason, reason))
      return events
    } catch (error) {
      this.#events = undefined
      throw error
    }
  }

  /** Runs with a signal that aborts with the caller's, and when this ends. */
  async #untilEnd<T>(signal: AbortSignal | undefined, run: (end: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure
    if (signal?.aborted === true) throw abortReason(signal)
    // Not AbortSignal.any: a signal that lives for long would collect what was made of it.
    const controller = new AbortController()
    const stopListening = onAbort(signal, (reason) => controller.abort(reason))
    this.#waiting.add(controller)
    try {
      return await run(controller.signal)
    } finally {
      stopListening()
      this.#waiting.delete(controller)
    }
  }
}
