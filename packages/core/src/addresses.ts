import { isIP } from 'node:net'
import type { InterfaceAddresses } from './resources.ts'

/**
 * The guest's first usable address of a family. Link-local ones are passed over, and so is whatever is not an address:
 * the list may come from the guest.
 */
export function addressOf(
  interfaces: readonly InterfaceAddresses[],
  macAddress: string | undefined,
  type: 'ipv4' | 'ipv6',
): string | undefined {
  const family = type === 'ipv4' ? 4 : 6
  return interfaces
    .filter(({ hwaddr }) => macAddress === undefined || hwaddr?.toLowerCase() === macAddress)
    .flatMap(({ addrs }) => addrs)
    .find((address) => address.type === type && isIP(address.addr) === family && !isLinkLocal(address.addr))
    ?.addr
}

function isLinkLocal(address: string): boolean {
  return /^(169\.254\.|127\.|::1$|fe[89ab])/i.test(address)
}
