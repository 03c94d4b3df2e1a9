import { decodeBody } from '../protocol/body.ts'
import { Domain } from './domain.ts'
import {
  agentLifecycleStates,
  domainLifecycleTypes,
  networkLifecycleTypes,
  storagePoolLifecycleTypes,
  type HypervisorEvents,
} from './event-kinds.ts'
import type { EventFamily } from '../rpc/event-router.ts'
import type { Hypervisor } from './hypervisor.ts'
import { Network } from './network.ts'
import type { EventMessage } from '../protocol/procedure.ts'
import { eventTable } from '../protocol/procedure-types.ts'
import { StoragePool } from './storage-pool.ts'

export interface EventSource<E> {
  readonly family: EventFamily
  /** libvirt's number of the event, by which it is registered for. */
  readonly eventId: number
  /** The procedure number of its message. */
  readonly procedure: number
  readonly decode: (hypervisor: Hypervisor, body: Buffer) => E
}

const t = eventTable

// Event numbers: the enums virDomainEventID, virNetworkEventID and virStoragePoolEventID.
export const eventSources: { [K in keyof HypervisorEvents]: EventSource<HypervisorEvents[K]> } = {
  domainLifecycle: source('domain', 0, t.DOMAIN_EVENT_CALLBACK_LIFECYCLE, (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
    type: domainLifecycleTypes[msg.event] ?? 'unknown',
    detail: msg.detail,
  })),
  domainReboot: source('domain', 1, t.DOMAIN_EVENT_CALLBACK_REBOOT, (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
  })),
  domainPMWakeup: source('domain', 11, t.DOMAIN_EVENT_CALLBACK_PMWAKEUP, (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
  })),
  domainPMSuspend: source('domain', 12, t.DOMAIN_EVENT_CALLBACK_PMSUSPEND, (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
  })),
  domainDeviceRemoved: source(
    'domain',
    15,
    t.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED,
    (hypervisor, { msg }) => ({
      domain: new Domain(hypervisor, msg.dom),
      device: msg.devAlias,
    }),
  ),
  domainAgentLifecycle: source(
    'domain',
    18,
    t.DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE,
    (hypervisor, message) => ({
      domain: new Domain(hypervisor, message.dom),
      state: agentLifecycleStates[message.state] ?? 'unknown',
      reason: message.reason,
    }),
  ),
  domainDeviceAdded: source('domain', 19, t.DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, (hypervisor, message) => ({
    domain: new Domain(hypervisor, message.dom),
    device: message.devAlias,
  })),
  networkLifecycle: source('network', 0, t.NETWORK_EVENT_LIFECYCLE, (hypervisor, message) => ({
    network: new Network(hypervisor, message.net),
    type: networkLifecycleTypes[message.event] ?? 'unknown',
    detail: message.detail,
  })),
  storagePoolLifecycle: source('storagePool', 0, t.STORAGE_POOL_EVENT_LIFECYCLE, (hypervisor, message) => ({
    storagePool: new StoragePool(hypervisor, message.pool),
    type: storagePoolLifecycleTypes[message.event] ?? 'unknown',
    detail: message.detail,
  })),
}

export const eventFamilies: ReadonlyMap<number, EventFamily> = new Map(
  Object.values(eventSources).map(({ procedure, family }) => [procedure, family]),
)

function source<M, E>(
  family: EventFamily,
  eventId: number,
  { number, message }: EventMessage<M>,
  convert: (hypervisor: Hypervisor, message: M) => E,
): EventSource<E> {
  return {
    family,
    eventId,
    procedure: number,
    decode: (hypervisor, body) => convert(hypervisor, decodeBody(message, body)),
  }
}
