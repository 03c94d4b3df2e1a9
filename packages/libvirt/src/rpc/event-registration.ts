import type { DomainHandle, NetworkHandle, StoragePoolHandle } from '../protocol/handles.ts'
import type { EventFamily } from './event-families.ts'
import type { Registration } from './event-router.ts'
import type { RpcConnection } from './rpc-connection.ts'

/** The object of each family whose events are received; undefined stands for all objects of the family. */
export interface EventHandles {
  readonly domain?: DomainHandle | undefined
  readonly network?: NetworkHandle | undefined
  readonly storagePool?: StoragePoolHandle | undefined
}

type Calls = Pick<Registration, 'register' | 'deregister'>

/** The calls by which a kind of object's events are asked for and given up. */
export function registrationFor(
  connection: RpcConnection,
  family: EventFamily,
  eventID: number,
  { domain, network, storagePool }: EventHandles,
): Calls {
  const calls: Record<EventFamily, Calls> = {
    domain: {
      register: (claim) =>
        connection.call(
          'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
          { eventID, dom: domain ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) =>
        connection.call('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', { callbackID }),
    },
    network: {
      register: (claim) =>
        connection.call(
          'CONNECT_NETWORK_EVENT_REGISTER_ANY',
          { eventID, net: network ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) => connection.call('CONNECT_NETWORK_EVENT_DEREGISTER_ANY', { callbackID }),
    },
    storagePool: {
      register: (claim) =>
        connection.call(
          'CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY',
          { eventID, pool: storagePool ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) =>
        connection.call('CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY', { callbackID }),
    },
  }
  return calls[family]
}
