import { readFileSync } from 'node:fs'
import { SeeError } from '../../../common/errors.ts'
import { type EvidenceWarning, evidenceWarning } from '../../../contract/evidence-warning.ts'
import { describeInterface, interfacesIn } from '../xml/domain-devices.ts'
import { devicesIn } from '../xml/device-elements.ts'
import type { NetworkConfiguration } from './network-schema.ts'
import { pciAddress } from '../xml/pci-address.ts'
import { QEMU_NAMESPACE } from '../xml/qemu-namespace.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'
import { parseXml } from '../../../common/xml.ts'
import { childrenOf } from '../../../common/xml-elements.ts'

/** The class of network controllers: https://pcisig.com/specifications (Code and ID Assignment). */
const NETWORK_CLASS = /^0x02/
/** QEMU's options that give a guest a network; it takes two hyphens for one. */
const NETWORK_OPTION = /^--?(?:netdev|nic|net)$/

/** How many of a guest's interfaces are put on the configured network. */
export function interfacesOnNetwork(xml: string, network: NetworkConfiguration | undefined): number {
  return network?.other_interfaces === 'network' ? Math.max(1, interfacesIn(xml).length) : 1
}

/**
 * Warns of every way from the guest to a network, or to the host, that the configured network does not cover. Without a configured network nothing is promised, so there is nothing to warn of.
 * @throws SeeError `NETWORK_INVALID` when the configuration refuses them, or `DOMAIN_XML_INVALID`
 */
export function otherInterfaces(
  xml: string,
  network: NetworkConfiguration | undefined,
  file: string,
): EvidenceWarning[] {
  if (network === undefined) return []
  const areOnNetwork = network.mode === 'none' || network.other_interfaces === 'network'
  const others = rethrowAs('DOMAIN_XML_INVALID', file, () => waysOut(xml, areOnNetwork))
  if (network.mode === 'sinkhole' && interfacesOnNetwork(xml, network) > 1) {
    const message = `${file} has more than one interface, and a sinkhole has room for one: remove the others, or leave them outside by "other_interfaces": "warn"`
    throw new SeeError('NETWORK_INVALID', message)
  }
  if (others.length > 0 && network.other_interfaces === 'refuse') {
    const message = `${file} gives the guest what "network" does not cover: ${others.join('; ')}; remove it, or remove "other_interfaces": "refuse"`
    throw new SeeError('NETWORK_INVALID', message)
  }
  const covered = `network mode ${network.mode ?? (network.configuration === undefined ? 'nat-no-lan' : 'of the given XML')}`
  const why = `the ${covered} does not hold for it; what it reaches is up to the domain's XML. Remove it, or set "other_interfaces" of network to "refuse"`
  return others.map((what) => evidenceWarning('INTERFACE_NOT_ISOLATED', what, why))
}

/** @param areOnNetwork whether every interface is on the configured network, or removed */
function waysOut(xml: string, areOnNetwork: boolean): string[] {
  const interfaces = areOnNetwork ? [] : interfacesIn(xml).slice(1)
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
    const address = pciAddress(each)
    if (!mayBeNetworkCard(address)) return []
    return [`the PCI device ${address} of the host, a network card`]
  })
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
  const values = childrenOf(domain, 'commandline', QEMU_NAMESPACE)
    .flatMap((line) => childrenOf(line, 'arg', QEMU_NAMESPACE))
    .map((arg) => arg.getAttribute('value') ?? '')
  return values.filter((value) => NETWORK_OPTION.test(value)).map((value) => `QEMU's argument ${value}`)
}
