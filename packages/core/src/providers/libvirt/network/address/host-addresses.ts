import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { type AddressRange, rangeOf } from '../../../../common/subnet.ts'

/** The IPv4 networks that this host has an address in or a route to, but for the default route. */
export function hostAddressRanges(): AddressRange[] {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, cidr }) => rangeOf(address, Number(cidr?.split('/')[1] ?? 32)))
  return [...own, ...routedRanges()]
}

/** A bridge without a guest is not among the interfaces, but its route is there. */
function routedRanges(): AddressRange[] {
  const lines = readFileSync('/proc/net/route', 'latin1').split('\n').slice(1)
  return lines
    .map((line) => line.split('\t'))
    .flatMap(([, destination, , , , , , mask]) => {
      if (destination === undefined || mask === undefined || mask === '00000000') return []
      const first = littleEndian(destination)
      return [{ first, last: first + (0xffffffff - littleEndian(mask)) }]
    })
}

function littleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE()
}

/** The IPv4 addresses that this host has now. */
export function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}
