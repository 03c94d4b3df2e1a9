import { parseXml, serializeXml } from '../../../../common/xml.ts'
import {
  appendElement,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  setText,
} from '../../../../common/xml-elements.ts'
import type { OwnerRecord } from '../../../../common/owner-record.ts'
import { addOwner, type ObjectOwner } from '../../daemon/owner-metadata.ts'
import { bridgeNameOf } from '../../xml/interface-names.ts'
import { slotsOf } from '../address/network-slot.ts'
import {
  type AddressRange,
  formatIpv4,
  gatewayOf,
  guestAddressOf,
  rangeOf,
} from '../../../../common/subnet.ts'

const DNSMASQ_NAMESPACE = 'http://libvirt.org/schemas/network/dnsmasq/1.0'

/** libvirt's name of how each mode forwards what leaves the network; an isolated one forwards nothing. */
const forwardModes = { 'nat-no-lan': 'nat', nat: 'nat', routed: 'route', isolated: undefined } as const

export type NetworkMode = keyof typeof forwardModes

// Without STP and its delay, and without asking whether an address is free before giving it out, a guest has its
// address seconds earlier; no other machine is on this network.
function networkOf(mode: NetworkMode): string {
  const forward = forwardModes[mode]
  return `<network xmlns:dnsmasq="${DNSMASQ_NAMESPACE}">
  ${forward === undefined ? '' : `<forward mode="${forward}"/>`}
  <bridge stp="off" delay="0"/>
  <dnsmasq:options>
    <dnsmasq:option value="no-ping"/>
  </dnsmasq:options>
</network>`
}

/** The XML of a network for one environment: the user's, or that of a mode. */
export class NetworkXml {
  readonly #text: string
  /** Whether libvirt's DHCP server will know the guests' addresses. */
  readonly hasDhcp: boolean
  readonly hasIp: boolean

  /** @throws Error saying what is wrong with the XML */
  constructor(text: string) {
    const network = networkElement(text)
    const ips = childrenOf(network, 'ip')
    this.#text = text
    this.hasIp = ips.length > 0
    this.hasDhcp = ips.some((ip) => childOf(ip, 'dhcp') !== undefined)
  }

  static of(mode: NetworkMode): NetworkXml {
    return new NetworkXml(networkOf(mode))
  }

  /**
   * @param macAddresses of the guest's interfaces, which get the first addresses of the subnet
   * @param subnet where the guests get their addresses; as in the XML when undefined
   * @param owner the process that the network is of, which its metadata name
   */
  for(
    identifier: string,
    macAddresses: readonly string[],
    subnet: AddressRange | undefined,
    owner?: OwnerRecord,
  ): string {
    const network = networkElement(this.#text)
    if (owner !== undefined) addOwner(network, identifier, owner)
    setText(ensureChild(network, 'uuid'), identifier)
    setText(ensureChild(network, 'name'), identifier)
    if (makesBridge(network)) {
      const bridge =
        childOf(network, 'bridge') ?? appendElement(network, 'bridge', { stp: 'off', delay: '0' })
      bridge.setAttribute('name', bridgeNameOf(identifier))
    }
    if (subnet !== undefined) appendSubnet(network, macAddresses, subnet)
    return serializeXml(network)
  }
}

interface SharedNetworkParts {
  readonly name: string
  readonly uuid: string
  readonly subnet: AddressRange
  /** The environment that it is made for, which its metadata name. */
  readonly maker?: ObjectOwner | undefined
}

/**
 * The XML of a network for many environments. Every place has its address beforehand: to change a network that runs,
 * libvirt takes its firewall rules away and puts them back. Guests do not hear of each other by the name server.
 */
export function sharedNetworkXml(
  mode: NetworkMode,
  { name, uuid, subnet, maker }: SharedNetworkParts,
): string {
  const network = networkElement(networkOf(mode))
  if (maker !== undefined) addOwner(network, maker.identifier, maker.owner)
  const places = slotsOf(uuid, subnet)
  setText(ensureChild(network, 'uuid'), uuid)
  setText(ensureChild(network, 'name'), name)
  ensureChild(network, 'bridge').setAttribute('name', bridgeNameOf(uuid))
  const dhcp = appendElement(appendIp(network, subnet), 'dhcp')
  for (const { macAddress, address } of places) {
    appendElement(dhcp, 'host', { mac: macAddress, ip: address })
  }
  const options = childOf(network, 'options', DNSMASQ_NAMESPACE)
  for (const value of ['dhcp-ignore-names', 'cache-size=0', `dhcp-lease-max=${places.length}`]) {
    const option = network.ownerDocument?.createElementNS(DNSMASQ_NAMESPACE, 'dnsmasq:option')
    option?.setAttribute('value', value)
    if (option !== undefined) options?.appendChild(option)
  }
  return serializeXml(network)
}

/** @throws Error when the network has none */
export function subnetIn(xml: string): AddressRange {
  const ip = childOf(networkElement(xml), 'ip')
  if (ip === undefined) throw new Error('it has no <ip> element')
  return rangeOf(ip.getAttribute('address') ?? '', Number(ip.getAttribute('prefix')))
}

function networkElement(text: string): Element {
  const root = parseXml(text).documentElement
  if (root?.localName !== 'network') throw new Error('its root element is not <network>')
  return root
}

/** In the other modes guests are put on a bridge or a card that is there already. */
function makesBridge(network: Element): boolean {
  const forward = childOf(network, 'forward')
  return (
    forward === undefined || ['', 'none', 'nat', 'route', 'open'].includes(forward.getAttribute('mode') ?? '')
  )
}

function appendSubnet(network: Element, macAddresses: readonly string[], subnet: AddressRange): void {
  const last = subnet.last - 1
  if (guestAddressOf(subnet, macAddresses.length - 1) > last)
    throw new Error(`its subnets have no room for the ${macAddresses.length} interfaces of the guest`)
  const dhcp = appendElement(appendIp(network, subnet), 'dhcp')
  appendElement(dhcp, 'range', { start: formatIpv4(guestAddressOf(subnet)), end: formatIpv4(last) })
  for (const [index, mac] of macAddresses.entries()) {
    appendElement(dhcp, 'host', { mac, ip: formatIpv4(guestAddressOf(subnet, index)) })
  }
}

function appendIp(network: Element, subnet: AddressRange): Element {
  const prefix = String(32 - Math.log2(subnet.last - subnet.first + 1))
  return appendElement(network, 'ip', { address: formatIpv4(gatewayOf(subnet)), prefix })
}
