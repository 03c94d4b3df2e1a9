import type { Domain } from '../objects/domain.ts'
import type { EventFamily, Registration } from './event-router.ts'
import type { Network } from '../objects/network.ts'
import type { RpcConnection } from './rpc-connection.ts'
import type { StoragePool } from '../objects/storage-pool.ts'

/** The object to hear of; all objects of the event's kind if none is given. */
export interface EventTarget {
  readonly domain?: Domain | undefined
  readonly network?: Network | undefined
  readonly storagePool?: StoragePool | undefined
}

type Calls = Pick<Registration, 'register' | 'deregister'>

/** The calls by which a kind of object's events are asked for and given up. */
export function registrationFor(
  connection: RpcConnection,
  family: EventFamily,
  eventID: number,
  target: EventTarget,
): Calls {
  const { domain, network, storagePool } = target
  const calls: Record<EventFamily, Calls> = {
    domain: {
      register: (claim) =>
        connection.call(
          'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
          { eventID, dom: domain?.handle ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) =>
        connection.call('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', { callbackID }),
    },
    network: {
      register: (claim) =>
        connection.call(
          'CONNECT_NETWORK_EVENT_REGISTER_ANY',
          { eventID, net: network?.handle ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) => connection.call('CONNECT_NETWORK_EVENT_DEREGISTER_ANY', { callbackID }),
    },
    storagePool: {
      register: (claim) =>
        connection.call(
          'CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY',
          { eventID, pool: storagePool?.handle ?? null },
          { onResult: (result) => claim(result.callbackID) },
        ),
      deregister: (callbackID) =>
        connection.call('CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY', { callbackID }),
    },
  }
  return calls[family]
}
