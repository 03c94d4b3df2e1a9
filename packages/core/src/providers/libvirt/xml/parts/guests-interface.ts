import {
  appendElement,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  setAttributes,
} from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'
import { keepAttributes, keepChildren, renewSource } from './guests-disk.ts'

export interface InterfaceEdit {
  /** The network's. */
  readonly name: string
  /** What the interface is called on the host, for rules that hold for it; libvirt's choice when undefined. */
  readonly device: string | undefined
  /** The network filter that holds for the interface. */
  readonly filter: string | undefined
  /** Whether the bridge is to keep it from the bridge's other guests. */
  readonly isolated?: boolean
}

/** A TCP port of the loopback device to which QEMU sends the frames of the first interface. */
export interface SinkholeEdit {
  readonly sinkholePort: number
}

/** The parts of an interface that do not depend on its network. */
const OF_THE_CARD = ['mac', 'model', 'address', 'boot', 'rom', 'alias', 'link', 'acpi']
/** What holds on every network of libvirt's. */
const ON_A_NETWORK = [...OF_THE_CARD, 'bandwidth', 'mtu', 'filterref']
/** The parts that configure a container's side. */
const OF_A_CONTAINER = ['guest', 'ip', 'route']

/** Puts an interface on a network; what it needed for the one before goes with that. */
export function editInterface(
  first: Element | undefined,
  { name, device, filter, isolated }: InterfaceEdit,
  isContainer: boolean,
): void {
  if (first === undefined) throw new Error('it has no <interface> to put on the network')
  keepAttributes(first, ['type'])
  keepChildren(first, ['source', ...ON_A_NETWORK, ...(isContainer ? OF_A_CONTAINER : [])])
  first.setAttribute('type', 'network')
  renewSource(first, { network: name })
  if (device !== undefined) setAttributes(ensureChild(first, 'target'), { dev: device })
  if (isolated) setAttributes(ensureChild(first, 'port'), { isolated: 'yes' })
  if (filter === undefined) return
  if (childOf(first, 'filterref') !== undefined) {
    throw new Error(
      'its first <interface> has a <filterref> of its own: choose another "mode" of the network',
    )
  }
  appendElement(first, 'filterref', { filter })
}

export function sinkInterface(first: Element | undefined, { sinkholePort }: SinkholeEdit): void {
  if (first === undefined) throw new Error('it has no <interface> to put on the network')
  keepAttributes(first, ['type'])
  keepChildren(first, OF_THE_CARD)
  first.setAttribute('type', 'client')
  appendElement(first, 'source', { address: '127.0.0.1', port: String(sinkholePort) })
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

export const interfaces: readonly DomainPart[] = [
  {
    path: ['devices', 'interface'],
    which: 'the first, if the resources file has a `network`',
    fate: 'own',
    words: `it is on that network. The XML's ${listed(ON_A_NETWORK)} stay; in the mode \`sinkhole\` ${listed(OF_THE_CARD)}; of a container also ${listed(OF_A_CONTAINER)}`,
  },
  {
    path: ['devices', 'interface'],
    which: 'others, if the resources file has a `network`',
    fate: 'own',
    words:
      'they are on the same network, as the first is; refused in the mode `sinkhole`. With `network.other_interfaces` they are left, with a warning, or refused',
  },
  {
    path: ['devices', 'interface'],
    which: 'with `<target dev=…>`, of type `network`, `bridge` or `direct`',
    fate: 'own',
    words: 'its device on the host has a name that libvirt or SEE chooses',
    isMeant: has('type', 'network', 'bridge', 'direct'),
    makeOwn: (each) => {
      for (const target of childrenOf(each, 'target')) target.removeAttribute('dev')
    },
  },
  {
    path: ['devices', 'interface', 'mac'],
    fate: 'own',
    words: 'a fresh address each',
  },
]
