/** A range of IPv4 addresses as numbers, both ends included. */
export interface AddressRange {
  readonly first: number
  readonly last: number
}

/** The range that a prefix stands for. */
export function rangeOf(address: string, prefix: number): AddressRange {
  const size = 2 ** (32 - prefix)
  const first = Math.floor(parseIpv4(address) / size) * size
  return { first, last: first + size - 1 }
}

/** The host's address in an environment's subnet. */
export function gatewayOf({ first }: AddressRange): number {
  return first + 1
}

/** The address that an interface of an environment's guest is given, by its index. */
export function guestAddressOf({ first }: AddressRange, index = 0): number {
  return first + 2 + index
}

export function parseIpv4(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)
}

export function formatIpv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}

/**
 * The first address of a free subnet, picked at random so that environments started together seldom pick the same.
 * @param subnetPrefix length of the subnet's prefix in bits
 * @param taken what it must not overlap
 * @param random a number from 0 up to, not including, 1
 * @returns undefined when none is free
 */
export function pickSubnet(
  range: AddressRange,
  subnetPrefix: number,
  taken: readonly AddressRange[],
  random: () => number = Math.random,
): number | undefined {
  const size = 2 ** (32 - subnetPrefix)
  const count = (range.last + 1 - range.first) / size
  // A range may hold millions of subnets: what is taken is counted, not what is free.
  const busy = merge(
    taken
      .map(({ first, last }) => ({
        first: Math.max(0, Math.floor((first - range.first) / size)),
        last: Math.min(count - 1, Math.floor((last - range.first) / size)),
      }))
      .filter(({ first, last }) => first <= last),
  )
  const free = count - busy.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  if (free <= 0) return undefined
  let index = Math.floor(random() * free)
  for (const { first, last } of busy) if (index >= first) index += last - first + 1
  return range.first + index * size
}

/** The same numbers as ranges that are in order and do not overlap. */
function merge(ranges: readonly AddressRange[]): AddressRange[] {
  const merged: AddressRange[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1)
    if (previous === undefined || range.first > previous.last + 1) merged.push(range)
    else merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) }
  }
  return merged
}
