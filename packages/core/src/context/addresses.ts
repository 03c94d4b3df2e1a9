import { BlockList, isIP } from 'node:net'
import type { InterfaceAddresses } from '../contract/resources.ts'

/**
 * Where no guest can be reached from here. One that names such an address would have us talk to ourselves, or to many.
 * One list for each family: a rule for IPv4 in IPv6 form would match every IPv4 address.
 */
const unusable = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  unusable.ipv4.addSubnet(net, prefix)
}
for (const [net, prefix] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  unusable.ipv6.addSubnet(net, prefix, 'ipv6')
}

/**
 * The guest's first usable address of a family. Loopback, link-local and multicast ones are passed over, and so is
 * whatever is not an address: the list may come from the guest.
 */
export function addressOf(
  interfaces: readonly InterfaceAddresses[],
  macAddress: string | undefined,
  type: 'ipv4' | 'ipv6',
): string | undefined {
  return interfaces
    .filter(({ hwaddr }) => macAddress === undefined || hwaddr?.toLowerCase() === macAddress)
    .flatMap(({ addrs }) => addrs)
    .find((address) => address.type === type && isUsable(address.addr, type))?.addr
}

function isUsable(address: string, type: 'ipv4' | 'ipv6'): boolean {
  if (isIP(address) !== (type === 'ipv4' ? 4 : 6)) return false
  // One with a zone, fe80::1%eth0, means something only on the guest's own links.
  return !address.includes('%') && !unusable[type].check(address, type)
}
