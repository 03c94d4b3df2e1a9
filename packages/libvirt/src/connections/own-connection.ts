import type { CallOptions } from '../common/abort.ts'
import { registrationFor, type EventTarget } from '../rpc/event-registration.ts'
import { EventRouter, type EventFamily, type EventRegistration } from '../rpc/event-router.ts'
import { eventFamilies } from '../objects/event-decoder.ts'
import type { ArgsOf, CallName, ResultOf } from '../protocol/procedure-types.ts'
import type { RpcConnection } from '../rpc/rpc-connection.ts'

/** A connection that somebody has to himself, for calls and events. */
export class OwnConnection {
  readonly closed: Promise<Error | undefined>
  readonly #connection: RpcConnection
  readonly #events = new EventRouter(eventFamilies)

  constructor(connection: RpcConnection) {
    this.closed = connection.closed
    this.#connection = connection
    connection.onEvent = (packet) => this.#events.dispatch(packet)
  }

  call<N extends CallName>(name: N, args: ArgsOf<N>, options?: CallOptions): Promise<ResultOf<N>> {
    return this.#connection.call(name, args, { signal: options?.signal })
  }

  on(
    family: EventFamily,
    eventId: number,
    deliver: (body: Buffer) => void,
    options: EventTarget & CallOptions,
  ): Promise<EventRegistration> {
    const registration = registrationFor(this.#connection, family, eventId, options)
    return this.#events.add({ ...registration, family, deliver }, options)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
