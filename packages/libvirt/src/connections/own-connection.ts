import type { SignalOptions } from '../common/abort.ts'
import type { EventFamily } from '../rpc/event-families.ts'
import { registrationFor, type EventHandles } from '../rpc/event-registration.ts'
import { EventRouter, type EventRegistration } from '../rpc/event-router.ts'
import type { ArgsOf, CallName, ResultOf } from '../protocol/procedure-types.ts'
import type { RpcConnection } from '../rpc/rpc-connection.ts'

/** A connection with a single user, for calls and events. */
export class OwnConnection {
  readonly closed: Promise<Error | undefined>
  readonly #connection: RpcConnection
  readonly #events = new EventRouter()

  constructor(connection: RpcConnection) {
    this.closed = connection.closed
    this.#connection = connection
    connection.onEvent = (packet) => this.#events.dispatch(packet)
  }

  get connection(): object {
    return this.#connection
  }

  call<N extends CallName>(name: N, args: ArgsOf<N>, options?: SignalOptions): Promise<ResultOf<N>> {
    return this.#connection.call(name, args, { signal: options?.signal })
  }

  on(
    family: EventFamily,
    eventId: number,
    deliver: (body: Buffer) => void,
    options: EventHandles & SignalOptions,
  ): Promise<EventRegistration> {
    const registration = registrationFor(this.#connection, family, eventId, options)
    return this.#events.add({ ...registration, family, deliver }, options)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
