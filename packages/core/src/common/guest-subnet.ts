import { randomInt } from 'node:crypto'
import { formatIpv4, parseIpv4 } from './subnet.ts'

/** 10.128.0.0/9 has room for so many subnets of 256 addresses. They are the guests' own: no one else sees them. */
const FIRST = parseIpv4('10.128.0.0')
const SUBNETS = 2 ** 15
const HOST = 2
/** Where QEMU's own network has its name server. */
const NAME_SERVER = 3
const GUEST = 15

/** The subnet of one guest. */
export interface Subnet {
  readonly network: string
  readonly host: string
  readonly nameServer: string
  readonly firstGuest: string
  readonly beforeFirstGuest: string
  /** An address of it, by its last byte. */
  readonly address: (last: number) => string
}

/** One of a great many, so that guests of the same host have addresses of their own. */
export function pickGuestSubnet(): Subnet {
  return subnetFrom(FIRST + randomInt(SUBNETS) * 256)
}

/** The subnet that begins at this address. */
export function guestSubnetAt(network: string): Subnet {
  return subnetFrom(parseIpv4(network.replace(/\/24$/, '')))
}

function subnetFrom(first: number): Subnet {
  const address = (last: number) => formatIpv4(first + last)
  const [firstGuest, beforeFirstGuest] = [address(GUEST), address(GUEST - 1)]
  return {
    network: `${address(0)}/24`,
    host: address(HOST),
    nameServer: address(NAME_SERVER),
    firstGuest,
    beforeFirstGuest,
    address,
  }
}
