import type { Domain } from './domain.ts'
import type { Network } from './network.ts'
import type { EventHandles } from '../rpc/event-registration.ts'
import type { StoragePool } from './storage-pool.ts'

/** The object to hear of; all objects of the event's kind if none is given. */
export interface EventTarget {
  readonly domain?: Domain | undefined
  readonly network?: Network | undefined
  readonly storagePool?: StoragePool | undefined
}

/** What the daemon knows the objects by. */
export function handlesOf({ domain, network, storagePool }: EventTarget): EventHandles {
  return { domain: domain?.handle, network: network?.handle, storagePool: storagePool?.handle }
}
