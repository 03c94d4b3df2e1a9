import { randomBytes, randomUUID } from 'node:crypto'
import type { ImageLayer } from '../disks/block-node.ts'
import { deviceNameOf } from './network-xml.ts'
import {
  appendElement,
  childElementsOf,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  parseXml,
  serializeXml,
  setAttributes,
  setText,
} from './xml.ts'

interface DiskEdit {
  readonly path: string
  readonly format: string | undefined
  /** The disk's backing chain. libvirt does not change the owners of these files, so QEMU's user must be able to read them. */
  readonly backing?: ImageLayer | undefined
}

export interface DomainEdit {
  readonly identifier: string
  /** What takes the place of the first disk; the XML's own when undefined. The format is for QEMU. */
  readonly disk: DiskEdit | undefined
  /** What the first interface is put on: the XML's own network when undefined; "none" leaves the guest without any. */
  readonly network: InterfaceEdit | SinkholeEdit | 'none' | undefined
  /** Of the first interface, in lower case. */
  readonly macAddress: string
  /** A container without an interface would be on the host's network. */
  readonly isContainer?: boolean
  /** Folders of the host that are mounted in the guest, behind those of the XML. */
  readonly filesystems?: readonly { readonly sourcePath: string; readonly targetPath: string }[]
}

/** A TCP port of the loopback device to which QEMU sends the frames of the first interface. */
interface SinkholeEdit {
  readonly sinkholePort: number
}

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

export interface EditedDomain {
  readonly xml: string
  /** Of the first interface, if there is one. */
  readonly macAddress: string | undefined
  /** Whether the first interface is on a network of libvirt's, which knows the addresses that it gives away. */
  readonly isOnNetwork: boolean
  /** Whether there is a channel to a QEMU guest agent. */
  readonly hasAgent: boolean
}

/**
 * Makes the user's domain XML that of one environment: its name and UUID, the disk's source, the interface's source, and
 * a fresh MAC address for every interface, and a fresh generation ID where there is one. Everything else is the user's and stays as it is.
 * @throws Error saying what the XML lacks
 */
export function editDomainXml(xml: string, edit: DomainEdit): EditedDomain {
  const { identifier, disk, network, filesystems = [] } = edit
  const document = parseXml(xml)
  const domain = document.documentElement
  if (domain?.localName !== 'domain') throw new Error('its root element is not <domain>')
  setText(ensureChild(domain, 'uuid'), identifier)
  setText(ensureChild(domain, 'name'), identifier)
  const generation = childOf(domain, 'genid')
  if (generation !== undefined) setText(generation, randomUUID())
  const devices = ensureChild(domain, 'devices')
  if (edit.isContainer === true) ensureChild(ensureChild(domain, 'features'), 'privnet')
  if (disk !== undefined) editDisk(devices, disk)
  for (const filesystem of filesystems) appendFilesystem(devices, filesystem)
  const interfaces = childrenOf(devices, 'interface')
  if (network === 'none') for (const each of interfaces.splice(0)) devices.removeChild(each)
  else if (network !== undefined && 'sinkholePort' in network) sinkInterface(interfaces[0], network)
  else if (network !== undefined) editInterface(interfaces[0], network)
  for (const [index, each] of interfaces.entries()) {
    ensureChild(each, 'mac').setAttribute('address', index === 0 ? edit.macAddress : freshMacAddress())
  }
  if (edit.isContainer === true)
    for (const [index, each] of interfaces.entries()) nameDevice(each, identifier, index)
  const macAddress = interfaces.length > 0 ? edit.macAddress : undefined
  const isOnNetwork = interfaces[0]?.getAttribute('type') === 'network'
  return { xml: serializeXml(document), macAddress, isOnNetwork, hasAgent: hasAgentChannel(devices) }
}

/** The one that the environment gives the guest; others are the user's. */
export function guestsDiskIn(devices: Element): Element | undefined {
  return childrenOf(devices, 'disk').find((each) => (each.getAttribute('device') ?? 'disk') === 'disk')
}

/**
 * What an overlay that only one environment has does not need, and its evidence would suffer from: with `transient` libvirt
 * puts another file over it, which is gone with the guest, `shareable` switches off what keeps others from writing it, and
 * a `mirror` is another file that gets what the guest writes.
 */
const NOT_OF_OVERLAY = ['transient', 'shareable', 'mirror']

function editDisk(devices: Element, { path, format, backing }: DiskEdit): void {
  const disk = guestsDiskIn(devices)
  if (disk === undefined) throw new Error('it has no <disk device="disk"> to put the image on')
  for (const name of NOT_OF_OVERLAY) for (const each of childrenOf(disk, name)) disk.removeChild(each)
  disk.setAttribute('type', 'file')
  setAttributes(ensureChild(disk, 'source'), { file: path })
  if (format === undefined) return
  const driver = ensureChild(disk, 'driver')
  driver.setAttribute('name', 'qemu')
  driver.setAttribute('type', format)
  for (const each of childrenOf(disk, 'backingStore')) disk.removeChild(each)
  appendBacking(disk, backing)
}

/** Writes the whole chain and an empty element at its end; libvirt then reads no header. */
function appendBacking(parent: Element, layer: ImageLayer | undefined): void {
  if (layer === undefined) {
    appendElement(parent, 'backingStore')
    return
  }
  const store = appendElement(parent, 'backingStore', { type: 'file' })
  appendElement(store, 'format', { type: layer.format })
  const source = appendElement(store, 'source', { file: layer.path })
  appendElement(source, 'seclabel', { model: 'dac', relabel: 'no' })
  appendBacking(store, layer.backing)
}

function editInterface(first: Element | undefined, { name, device, filter, isolated }: InterfaceEdit): void {
  if (first === undefined) throw new Error('it has no <interface> to put on the network')
  first.setAttribute('type', 'network')
  setAttributes(ensureChild(first, 'source'), { network: name })
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

/** What of an interface does not depend on what it is on. */
const OF_THE_CARD = new Set(['mac', 'model', 'address', 'boot', 'rom', 'alias'])

function sinkInterface(first: Element | undefined, { sinkholePort }: SinkholeEdit): void {
  if (first === undefined) throw new Error('it has no <interface> to put on the network')
  first.setAttribute('type', 'client')
  for (const each of childElementsOf(first)) {
    if (!OF_THE_CARD.has(each.localName ?? '')) first.removeChild(each)
  }
  appendElement(first, 'source', { address: '127.0.0.1', port: String(sinkholePort) })
}

/** A container's devices have to be found by their names: it cannot be started paused and looked at. */
function nameDevice(each: Element, identifier: string, index: number): void {
  if (!['network', 'bridge'].includes(each.getAttribute('type') ?? '')) return
  const target = ensureChild(each, 'target')
  if (!target.hasAttribute('dev')) target.setAttribute('dev', deviceNameOf(identifier, index))
}

function appendFilesystem(
  devices: Element,
  { sourcePath, targetPath }: { sourcePath: string; targetPath: string },
): void {
  const filesystem = appendElement(devices, 'filesystem', { type: 'mount' })
  appendElement(filesystem, 'source', { dir: sourcePath })
  appendElement(filesystem, 'target', { dir: targetPath })
}

/** A random address in QEMU's own range, which no card is sold with. */
export function freshMacAddress(): string {
  return `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`
}

function hasAgentChannel(devices: Element): boolean {
  return childrenOf(devices, 'channel').some(
    (channel) => childOf(channel, 'target')?.getAttribute('name') === 'org.qemu.guest_agent.0',
  )
}
