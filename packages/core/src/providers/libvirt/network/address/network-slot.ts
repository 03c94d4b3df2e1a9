import { type AddressRange, formatIpv4, guestAddressOf } from '../../../../common/subnet.ts'

/** As many as a /24 has room for; each has its line in the network's XML. There can be further networks. */
const MOST_PLACES = 253

/** What one guest of a shared network has there, all of it settled when the network is made. */
export interface NetworkSlot {
  readonly address: string
  readonly macAddress: string
  /** What the guest's interface is called on the host: at most 15 characters. */
  readonly device: string
}

/** The places of a network, in order. The gateway and the addresses at either end are no guest's. */
export function slotsOf(uuid: string, subnet: AddressRange): NetworkSlot[] {
  const first = guestAddressOf(subnet)
  const count = Math.min(subnet.last - first, MOST_PLACES)
  return Array.from({ length: count }, (_, index) => ({
    address: formatIpv4(first + index),
    macAddress: `52:54:00:${uuid.slice(0, 2)}:${hex(index >> 8)}:${hex(index & 0xff)}`,
    device: `see-${uuid.slice(0, 6)}-${index.toString(16)}`,
  }))
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
