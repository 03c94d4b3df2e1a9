export type AddressType = 'ipv4' | 'ipv6'

/** Names a virIPAddrType. */
export function addressType(number: number): AddressType {
  return number === 1 ? 'ipv6' : 'ipv4'
}
