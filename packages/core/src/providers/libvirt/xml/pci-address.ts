import { attribute } from './device-elements.ts'
import type { Element } from '../../../common/xml-elements.ts'

/** The address of a `<hostdev>` of type `pci`, as the kernel writes it. */
export function pciAddress(hostdev: Element): string {
  const [domain, bus, slot, part] = ['domain', 'bus', 'slot', 'function'].map((name) =>
    numberOf(attribute(hostdev, ['source', 'address'], name) ?? '0'),
  )
  return `${hex(domain, 4)}:${hex(bus)}:${hex(slot)}.${hex(part, 1)}`
}

/** As libvirt reads it: a zero in front makes it octal. */
function numberOf(text: string): number {
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text)
}

function hex(value = 0, length = 2): string {
  return value.toString(16).padStart(length, '0')
}
