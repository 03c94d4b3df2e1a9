import { attribute } from './device-elements.ts'
import type { Element } from '../../../common/xml.ts'

/** The address of a `<hostdev>` of type `pci`, as the kernel writes it. */
export function pciAddress(hostdev: Element): string {
  const [domain, bus, slot, part] = ['domain', 'bus', 'slot', 'function'].map((name) =>
    Number(attribute(hostdev, ['source', 'address'], name) ?? 0),
  )
  return `${hex(domain, 4)}:${hex(bus)}:${hex(slot)}.${hex(part, 1)}`
}

function hex(value = 0, length = 2): string {
  return value.toString(16).padStart(length, '0')
}
