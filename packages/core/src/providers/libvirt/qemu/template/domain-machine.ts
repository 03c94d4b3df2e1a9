import { createHash } from 'node:crypto'
import type { TemplateMachine } from '../../../../templates/manifest.ts'
import { guestsDiskIn } from '../../xml/parts/guests-disk.ts'
import { parseXml, serializeXml } from '../../../../common/xml.ts'
import { childOf, childrenOf, type Element } from '../../../../common/xml-elements.ts'

/** The parts of a machine's fingerprint that come from the domain's XML. */
export type DomainMachine = Pick<
  TemplateMachine,
  'machine' | 'accelerator' | 'cpu' | 'memory_mib' | 'devices_sha256'
>

/** Reads it from the XML of a domain, as libvirt itself writes it once it is defined. */
export function domainMachine(xml: string): DomainMachine {
  const domain = domainIn(xml)
  const type = childOf(childOf(domain, 'os') ?? domain, 'type')
  const cpu = childOf(domain, 'cpu')
  const words = [
    cpu?.getAttribute('mode') ?? 'default',
    cpu === undefined ? '' : (childOf(cpu, 'model')?.textContent ?? ''),
  ]
  const kvmOr = domain.getAttribute('type') ?? ''
  return {
    machine: type?.getAttribute('machine') ?? '',
    accelerator: kvmOr === 'qemu' ? 'tcg' : kvmOr,
    cpu: words.join(' ').trim(),
    memory_mib: memoryMibIn(domain),
    devices_sha256: createHash('sha256').update(withoutItsOwn(domain)).digest('hex'),
  }
}

/** The files of the host that a domain boots from, beside its disk. */
export function bootFilesIn(xml: string): string[] {
  const os = childOf(domainIn(xml), 'os')
  if (os === undefined) return []
  const texts = ['kernel', 'initrd'].map((name) => childOf(os, name)?.textContent?.trim() ?? '')
  return texts.filter((text) => text !== '')
}

/** libvirt writes KiB, and gives QEMU whole MiB. */
function memoryMibIn(domain: Element): number {
  return Math.ceil(Number(childOf(domain, 'memory')?.textContent) / 1024)
}

/** What is the same for every environment, as text. */
function withoutItsOwn(domain: Element): string {
  // Limits are the host’s matter, and may be others in each environment.
  remove(domain, 'name', 'uuid', 'genid', 'metadata', 'memtune')
  const os = childOf(domain, 'os')
  // Its path has the name of the environment.
  if (os !== undefined) remove(os, 'nvram')
  const system = childrenOf(domain, 'sysinfo').flatMap((each) => childrenOf(each, 'system'))
  for (const entry of system.flatMap((each) => childrenOf(each, 'entry'))) {
    if (entry.getAttribute('name') === 'uuid') entry.parentNode?.removeChild(entry)
  }
  const devices = childOf(domain, 'devices')
  const disk = devices === undefined ? undefined : guestsDiskIn(devices)
  if (disk !== undefined) remove(disk, 'source', 'backingStore', 'iotune')
  for (const each of devices === undefined ? [] : childrenOf(devices, 'interface')) {
    remove(each, 'source', 'mac', 'target', 'port', 'filterref', 'bandwidth')
  }
  return serializeXml(domain).replaceAll(/>\s+</g, '><')
}

function remove(parent: Element, ...names: readonly string[]): void {
  for (const name of names) for (const each of childrenOf(parent, name)) parent.removeChild(each)
}

function domainIn(xml: string): Element {
  const domain = parseXml(xml).documentElement
  if (domain?.localName === 'domain') return domain
  throw new Error('the root element is not <domain>')
}
