import type { Daemon } from './daemon.ts'
import { Domain } from './domain.ts'
import {
  agentLifecycleStates,
  domainLifecycleTypes,
  networkLifecycleTypes,
  storagePoolLifecycleTypes,
  type HypervisorEvents,
} from './event-kinds.ts'
import { Network } from './network.ts'
import { decodeBody } from '../protocol/body.ts'
import { eventSources, type EventKind, type EventMessageOf } from '../rpc/event-families.ts'
import { StoragePool } from './storage-pool.ts'

type Conversion<K extends EventKind> = <H extends Daemon>(
  hypervisor: H,
  message: EventMessageOf<K>,
) => HypervisorEvents<H>[K]

const conversions: { [K in EventKind]: Conversion<K> } = {
  domainLifecycle: (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
    type: domainLifecycleTypes[msg.event] ?? 'unknown',
    detail: msg.detail,
  }),
  domainReboot: (hypervisor, { msg }) => ({ domain: new Domain(hypervisor, msg.dom) }),
  domainPMWakeup: (hypervisor, { msg }) => ({ domain: new Domain(hypervisor, msg.dom) }),
  domainPMSuspend: (hypervisor, { msg }) => ({ domain: new Domain(hypervisor, msg.dom) }),
  domainDeviceRemoved: (hypervisor, { msg }) => ({
    domain: new Domain(hypervisor, msg.dom),
    device: msg.devAlias,
  }),
  domainAgentLifecycle: (hypervisor, message) => ({
    domain: new Domain(hypervisor, message.dom),
    state: agentLifecycleStates[message.state] ?? 'unknown',
    reason: message.reason,
  }),
  domainDeviceAdded: (hypervisor, message) => ({
    domain: new Domain(hypervisor, message.dom),
    device: message.devAlias,
  }),
  networkLifecycle: (hypervisor, message) => ({
    network: new Network(hypervisor, message.net),
    type: networkLifecycleTypes[message.event] ?? 'unknown',
    detail: message.detail,
  }),
  storagePoolLifecycle: (hypervisor, message) => ({
    storagePool: new StoragePool(hypervisor, message.pool),
    type: storagePoolLifecycleTypes[message.event] ?? 'unknown',
    detail: message.detail,
  }),
}

/** Makes the body of a message the event that handlers are given. */
export function eventDecoder<K extends EventKind, H extends Daemon>(
  kind: K,
  hypervisor: H,
): (body: Buffer) => HypervisorEvents<H>[K] {
  const { event } = eventSources[kind]
  const convert = conversions[kind]
  return (body) => convert(hypervisor, decodeBody(event.message, body))
}
