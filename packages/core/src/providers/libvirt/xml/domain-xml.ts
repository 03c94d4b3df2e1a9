import { randomUUID } from 'node:crypto'
import type { Logger } from '../../../common/logger.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import type { OwnerRecord } from '../../../common/owner-record.ts'
import { addOwner } from '../daemon/owner-metadata.ts'
import { ensureDevices } from './device-elements.ts'
import { deviceNameOf } from './interface-names.ts'
import { makePartsOwn } from './parts/make-parts-own.ts'
import { type DiskEdit, editDisk, putOnFile } from './parts/guests-disk.ts'
import {
  editInterface,
  type InterfaceEdit,
  type SinkholeEdit,
  sinkInterface,
} from './parts/guests-interface.ts'
import { editLimits, type LimitsEdit } from './limits-edit.ts'
import { otherDisksOf } from './other-disks.ts'
import { isOnlyRead } from './readable-files.ts'
import { parseXml, serializeXml } from '../../../common/xml.ts'
import {
  appendElement,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  setText,
} from '../../../common/xml-elements.ts'

export interface DomainEdit {
  readonly identifier: string
  /** The process that the domain is of, which its metadata name; undefined where it has no ledger. */
  readonly owner?: OwnerRecord | undefined
  /** What takes the place of the first disk; the XML's own when undefined. The format is for QEMU. */
  readonly disk: DiskEdit | undefined
  /** What becomes of other disks that the guest could write to; by the name of its target what it is put on. */
  readonly otherDisks?: 'read-only' | ReadonlyMap<string, DiskEdit> | undefined
  /** Files of drives that are to keep their owners. */
  readonly readable?: ReadonlySet<string> | undefined
  /** What the first interface is put on: the XML's own network when undefined; "none" leaves the guest without any. */
  readonly network: InterfaceEdit | SinkholeEdit | 'none' | undefined
  /** MAC address of the first interface, in lower case. */
  readonly macAddress: string
  /** What the interfaces behind the first are put on; the XML's own for those that are not in the list. */
  readonly others?: readonly { readonly interface: InterfaceEdit; readonly macAddress: string }[]
  /** What libvirt bounds of the guest. */
  readonly limits?: LimitsEdit | undefined
  /** A container without an interface would be on the host's network. */
  readonly isContainer?: boolean
  /** The environment's copy of its firmware's variables, where libvirt does not make one. */
  readonly variables?: string | undefined
  /** Whether what the XML names on the host is the guest's own, and stays as it is. */
  readonly isUsersOwn?: boolean
  /** Folders of the host that are mounted in the guest, behind those of the XML. */
  readonly filesystems?: readonly { readonly sourcePath: string; readonly targetPath: string }[]
}

export interface EditedDomain {
  readonly xml: string
  /** MAC address of the first interface, if there is one. */
  readonly macAddress: string | undefined
  /** Whether the first interface is on a network of libvirt's, which knows the addresses that it gives away. */
  readonly isOnNetwork: boolean
  /** Whether there is a channel to a QEMU guest agent. */
  readonly hasAgent: boolean
  /** What was made the environment's own beside its disk and network, in words. */
  readonly changes: readonly string[]
}

/**
 * Makes the user's domain XML that of one environment: its name and UUID, the disk's source, the interface's source, and
 * a fresh MAC address for every interface, a fresh generation ID where there is one, and what `domainParts` lists. Everything
 * else is the user's and stays as it is.
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
  const changes = edit.isUsersOwn === true ? [] : makePartsOwn(domain, identifier)
  if (edit.variables !== undefined) setText(ensureChild(ensureChild(domain, 'os'), 'nvram'), edit.variables)
  if (edit.owner !== undefined) addOwner(domain, identifier, edit.owner)
  const devices = ensureDevices(domain)
  if (edit.isContainer === true) ensureChild(ensureChild(domain, 'features'), 'privnet')
  for (const other of otherDisksOf(devices, disk !== undefined)) editOther(other, edit.otherDisks)
  for (const each of childrenOf(devices, 'disk').filter(isOnlyRead)) keepOwner(each, edit.readable)
  if (disk !== undefined) editDisk(devices, disk)
  for (const filesystem of filesystems) appendFilesystem(devices, filesystem)
  const interfaces = childrenOf(devices, 'interface')
  if (network === 'none') for (const each of interfaces.splice(0)) devices.removeChild(each)
  else if (network !== undefined && 'sinkholePort' in network) sinkInterface(interfaces[0], network)
  else if (network !== undefined) editInterface(interfaces[0], network, edit.isContainer === true)
  for (const [index, each] of interfaces.entries()) {
    const other = index === 0 ? undefined : edit.others?.[index - 1]
    if (other !== undefined) editInterface(each, other.interface, edit.isContainer === true)
    const macAddress = index === 0 ? edit.macAddress : (other?.macAddress ?? freshMacAddress())
    ensureChild(each, 'mac').setAttribute('address', macAddress)
  }
  if (edit.isContainer === true)
    for (const [index, each] of interfaces.entries()) nameDevice(each, identifier, index)
  if (edit.limits !== undefined) editLimits(domain, edit.limits)
  const macAddress = interfaces.length > 0 ? edit.macAddress : undefined
  const isOnNetwork = interfaces[0]?.getAttribute('type') === 'network'
  return { xml: serializeXml(document), macAddress, isOnNetwork, hasAgent: hasAgentChannel(devices), changes }
}

/** Logs which parts of the user's XML are different in the environment. */
export function logChanges({ changes }: EditedDomain, file: string, logger: Logger): void {
  if (changes.length > 0)
    logger.info({ file, changes }, "parts of the domain's XML are the environment's own")
}

function keepOwner(disk: Element, readable: ReadonlySet<string> | undefined): void {
  const source = childOf(disk, 'source')
  if (source === undefined || readable?.has(source.getAttribute('file') ?? '') !== true) return
  for (const each of childrenOf(source, 'seclabel')) source.removeChild(each)
  appendElement(source, 'seclabel', { model: 'dac', relabel: 'no' })
}

function editOther(disk: Element, edits: DomainEdit['otherDisks']): void {
  if (edits === 'read-only') appendElement(disk, 'readonly')
  const edit =
    typeof edits === 'object' ? edits.get(childOf(disk, 'target')?.getAttribute('dev') ?? '') : undefined
  if (edit !== undefined) putOnFile(disk, edit)
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

function hasAgentChannel(devices: Element): boolean {
  return childrenOf(devices, 'channel').some(
    (channel) => childOf(channel, 'target')?.getAttribute('name') === 'org.qemu.guest_agent.0',
  )
}
