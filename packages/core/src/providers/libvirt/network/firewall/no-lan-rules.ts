import { NOT_THE_INTERNET } from '../address/not-the-internet.ts'

export interface NoLanRules {
  readonly name: string
  readonly bridge: string
  /** The host's address on the bridge, which gives out addresses and names there. */
  readonly gateway: string
  readonly guests: readonly {
    /** On the host. */
    readonly device: string
    readonly macAddress: string
    /** The only one that the guest may send from. */
    readonly address: string
  }[]
}

/**
 * Two tables of nftables, for frames and for packets, under which the guests of a bridge reach the Internet but neither
 * the host nor anything near it, nor one another. They go by names, and so hold from a guest's first frame on.
 */
export function noLanRules(table: NoLanRules): string {
  const { name, bridge, gateway } = table
  return `${guestsOfBridgeTable(table)}
table inet ${name} {
  ${devicesSet(table)}
  ${inetSenders(table)}
  chain prerouting {
    type filter hook prerouting priority mangle
    # So do all when the bridge is gone before its guest.
    iifname @guest_devices drop
    iifname != "${bridge}" accept
    meta nfproto != ipv4 drop
    ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
    ether saddr . ip saddr != @senders drop
    ct state established ct direction reply accept
    ip daddr ${gateway} udp sport 68 udp dport 67 accept
    ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    fib daddr type != unicast drop
    ip daddr { ${NOT_THE_INTERNET.join(', ')} } drop
  }
  chain forward {
    type filter hook forward priority filter
    # Other sandboxes may have any addresses.
    iifname "${bridge}" oifname "virbr*" drop
  }
}
`
}

/** The table for frames: guests send from their own device, card and address, and not to one another. */
export function guestsOfBridgeTable(table: NoLanRules): string {
  const { name, guests } = table
  const stations = guests.map(({ device, macAddress }) => `"${device}" . ${macAddress}`)
  const senders = guests.map(({ macAddress, address }) => `${macAddress} . ${address}`)
  // Who asks whether an address is free has none yet.
  const probes = guests.map(({ macAddress }) => `${macAddress} . 0.0.0.0`)
  return `table bridge ${name} {
  ${devicesSet(table)}
  ${set('stations', 'ifname . ether_addr', stations)}
  ${set('senders', 'ether_addr . ipv4_addr', [...senders, ...probes])}
  chain prerouting {
    type filter hook prerouting priority filter
    iifname != @guest_devices accept
    ether type != { arp, ip, ip6 } drop
    iifname . ether saddr != @stations drop
    ether type arp arp saddr ether . arp saddr ip != @senders drop
  }
  chain forward {
    type filter hook forward priority filter
    iifname @guest_devices drop
  }
  chain input {
    type filter hook input priority filter
    # Frames to these addresses enter the host without passing the bridge.
    iifname @guest_devices ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop
  }
}`
}

/** Who may send packets from which address. */
export function inetSenders({ guests }: NoLanRules): string {
  const senders = guests.map(({ macAddress, address }) => `${macAddress} . ${address}`)
  return set('senders', 'ether_addr . ipv4_addr', senders)
}

function devicesSet({ guests }: NoLanRules): string {
  const devices = guests.map(({ device }) => `"${device}"`)
  return set('guest_devices', 'ifname', devices)
}

/** What removes the tables, if they are there. */
export function withoutNoLanTable(name: string): string {
  return ['bridge', 'inet']
    .map((family) => `table ${family} ${name}\ndelete table ${family} ${name}\n`)
    .join('')
}

function set(name: string, type: string, elements: readonly string[]): string {
  return `set ${name} {
    type ${type}
    elements = { ${elements.join(', ')} }
  }`
}
