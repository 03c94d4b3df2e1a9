import type { EventMessage } from '../protocol/procedure.ts'
import { eventTable as t } from '../protocol/procedure-types.ts'

/** The kinds of objects that events are about. Callback identifiers are counted for each on its own. */
export type EventFamily = 'domain' | 'network' | 'storagePool'

/** How libvirt knows a kind of event. */
interface EventSource<Message> {
  readonly family: EventFamily
  /** libvirt's number of the event, by which it is registered for. */
  readonly eventId: number
  readonly event: EventMessage<Message>
}

// Event numbers: the enums virDomainEventID, virNetworkEventID and virStoragePoolEventID.
const sources = {
  domainLifecycle: source('domain', 0, t.DOMAIN_EVENT_CALLBACK_LIFECYCLE),
  domainReboot: source('domain', 1, t.DOMAIN_EVENT_CALLBACK_REBOOT),
  domainPMWakeup: source('domain', 11, t.DOMAIN_EVENT_CALLBACK_PMWAKEUP),
  domainPMSuspend: source('domain', 12, t.DOMAIN_EVENT_CALLBACK_PMSUSPEND),
  domainDeviceRemoved: source('domain', 15, t.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED),
  domainAgentLifecycle: source('domain', 18, t.DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE),
  domainDeviceAdded: source('domain', 19, t.DOMAIN_EVENT_CALLBACK_DEVICE_ADDED),
  networkLifecycle: source('network', 0, t.NETWORK_EVENT_LIFECYCLE),
  storagePoolLifecycle: source('storagePool', 0, t.STORAGE_POOL_EVENT_LIFECYCLE),
}

/** The kinds of events that this client can register for. */
export type EventKind = keyof typeof sources
export type EventMessageOf<K extends EventKind> = (typeof sources)[K] extends EventSource<infer M> ? M : never

// Written as a mapped type, so that TypeScript sees a generic kind and its message belong together.
export const eventSources: { [K in EventKind]: EventSource<EventMessageOf<K>> } = sources

/** The family of an event, by the procedure number of its message. */
export const eventFamilies: ReadonlyMap<number, EventFamily> = new Map(
  Object.values(sources).map(({ event, family }) => [event.number, family]),
)

function source<Message>(
  family: EventFamily,
  eventId: number,
  event: EventMessage<Message>,
): EventSource<Message> {
  return { family, eventId, event }
}
