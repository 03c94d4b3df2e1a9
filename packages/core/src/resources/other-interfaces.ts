import { readFileSync } from 'node:fs'
import { SeeError } from '../errors.ts'
import { type EvidenceWarning, evidenceWarning } from '../evidence-warning.ts'
import { describeInterface, interfacesIn } from './domain-devices.ts'
import { attribute, devicesIn } from './device-elements.ts'
import type { NetworkConfiguration } from './network-plan.ts'
import { orInvalid } from './user-xml.ts'
import { childrenOf, type Element, parseXml } from './xml.ts'

/** The class of network controllers: https://pcisig.com/specifications (Code and ID Assignment). */
const NETWORK_CLASS = /^0x02/
/** QEMU's options that give a guest a network. */
const NETWORK_OPTIONS = new Set(['-netdev', '-nic', '-net'])
const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0'

/**
 * Warns of every way from the guest to a network, or to the host, that the configured network does not cover: it is that
 * of the first interface. Without a configured network nothing is promised, so there is nothing to warn of.
 * @throws SeeError `NETWORK_INVALID` when the configuration refuses them, or `DOMAIN_XML_INVALID`
 */
export function otherInterfaces(
  xml: string,
  network: NetworkConfiguration | undefined,
  file: string,
): EvidenceWarning[] {
  if (network === undefined) return []
  const others = orInvalid('DOMAIN_XML_INVALID', file, () => waysOut(xml, network.mode === 'none'))
  if (others.length > 0 && network.other_interfaces === 'refuse') {
    const message = `${file} gives the guest what "network" does not cover: ${others.join('; ')}; remove it, or remove "other_interfaces": "refuse"`
    throw new SeeError('NETWORK_INVALID', message)
  }
  const covered = `network mode ${network.mode ?? (network.configuration === undefined ? 'nat-no-lan' : 'of the given XML')}`
  const why = `the ${covered} holds for the first interface only; what this one reaches is up to the domain's XML. Remove it, or set "other_interfaces" of network to "refuse"`
  return others.map((what) => evidenceWarning('INTERFACE_NOT_ISOLATED', what, why))
}

/** @param hasNone whether the configured network removes every interface */
function waysOut(xml: string, hasNone: boolean): string[] {
  const interfaces = hasNone ? [] : interfacesIn(xml).slice(1)
  return [
    ...interfaces.map((each, index) => describeInterface(each, index + 2)),
    ...hostDevicesIn(xml),
    ...devicesIn(xml, 'vsock').map(() => 'the vsock device, which leads to the host'),
    ...networkArgumentsIn(xml),
  ]
}

function hostDevicesIn(xml: string): string[] {
  return devicesIn(xml, 'hostdev').flatMap((each) => {
    const type = each.getAttribute('type') ?? 'unknown'
    if (type === 'net') return ['a network device of the host']
    if (type === 'usb') return ['a USB device of the host, which may be a network card']
    if (type !== 'pci') return []
    const address = pciAddressOf(each)
    if (!mayBeNetworkCard(address)) return []
    return [`the PCI device ${address} of the host, a network card`]
  })
}

function pciAddressOf(hostdev: Element): string {
  const [domain, bus, slot, part] = ['domain', 'bus', 'slot', 'function'].map((name) => {
    return Number(attribute(hostdev, ['source', 'address'], name) ?? 0)
  })
  return `${hex(domain, 4)}:${hex(bus)}:${hex(slot)}.${hex(part, 1)}`
}

function hex(value = 0, length = 2): string {
  return value.toString(16).padStart(length, '0')
}

/** One that cannot be looked at, since libvirt is on another host, may be one. */
function mayBeNetworkCard(address: string): boolean {
  try {
    return NETWORK_CLASS.test(readFileSync(`/sys/bus/pci/devices/${address}/class`, 'latin1'))
  } catch {
    return true
  }
}

function networkArgumentsIn(xml: string): string[] {
  const domain = parseXml(xml).documentElement
  if (domain === null) return []
  const lines = childrenOf(domain, 'commandline').filter(
    ({ namespaceURI }) => namespaceURI === QEMU_NAMESPACE,
  )
  const values = lines
    .flatMap((line) => childrenOf(line, 'arg'))
    .map((arg) => arg.getAttribute('value') ?? '')
  return values.filter((value) => NETWORK_OPTIONS.has(value)).map((value) => `QEMU's argument ${value}`)
}
