import { readFile } from 'node:fs/promises'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { IsolationPlan } from '../contract/isolation.ts'
import { rangeOf } from '../common/subnet.ts'
import type { Attempt } from './attempt.ts'

/** A host may have many; the first of each kind are tried. */
const MOST_ADDRESSES = 4
const MOST_IPV6 = 2
const MOST_NEIGHBOURS = 4
/** By number, so that no name has to be looked up: a public resolver, which answers at this port from everywhere. */
const INTERNET = { address: '1.1.1.1', port: 53 }
const INTERNET_V6 = { address: '2606:4700:4700::1111', port: 53 }
/** Where clouds have the credentials of their machines. */
const METADATA = { address: '169.254.169.254', port: 80 }
/** Seldom open, so that a neighbour which is reached refuses. */
const NEIGHBOURS_PORT = 9
const PREFIX = 24

/** The ports of our listener on this host. */
export interface ListenerPorts {
  readonly tcp: number
  readonly udp: number
}

interface AttemptsOptions {
  readonly ports: ListenerPorts
  /** A name that is looked up: reserved, so that a resolver can only say that there is none. */
  readonly name: string
  /** The guest's, where it is known: this host's address on the guest's own network is tried first. */
  readonly guestAddress: string | undefined
}

/** What the guest is asked to reach; what marks the probe in a trace comes first. */
export async function attemptsOf(
  plan: IsolationPlan,
  { ports, name, guestAddress }: AttemptsOptions,
): Promise<readonly Attempt[]> {
  const own = ownAddresses(guestAddress)
  const host = [...new Set([...plan.hostAddresses, ...own.ipv4])].slice(0, MOST_ADDRESSES)
  const gateway = await defaultGateway()
  const ours = { kind: 'tcp', port: ports.tcp, isOurs: true } as const
  const other = { kind: 'tcp', isOurs: false } as const
  const ipv6 = [
    ...own.ipv6.slice(0, MOST_IPV6),
    ...own.linkLocal.slice(0, MOST_IPV6).map((address) => `${address}%`),
  ]
  return [
    ...host.map((address) => ({ target: 'host', address, ...ours }) as const),
    ...host
      .slice(0, 1)
      .map((address) => ({ target: 'raw', kind: 'frame', address, port: ports.udp, isOurs: true }) as const),
    ...ipv6.map((address) => ({ target: 'ipv6', address, ...ours }) as const),
    { target: 'ipv6', ...other, ...INTERNET_V6 },
    { target: 'internet', ...other, ...INTERNET },
    ...(gateway === undefined
      ? []
      : [
          {
            target: plan.isLocal(gateway) ? 'lan' : 'internet',
            ...other,
            address: gateway,
            port: 53,
          } as const,
        ]),
    { target: 'metadata', ...other, ...METADATA },
    { target: 'dns', kind: 'name', address: name, port: 53, isOurs: false },
    ...plan.allowed.map(({ address, port }) => ({ target: 'allowed', ...other, address, port }) as const),
    ...plan.neighbours
      .slice(0, MOST_NEIGHBOURS)
      .map((address) => ({ target: 'neighbours', ...other, address, port: NEIGHBOURS_PORT }) as const),
  ]
}

interface OwnAddresses {
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
  readonly linkLocal: readonly string[]
}

/**
 * The addresses of this host's interfaces; those of the one that the guest's address belongs to come first. The link-local
 * ones are of interfaces with an IPv4 address: others are the ends of the cables of guests.
 */
function ownAddresses(guestAddress: string | undefined): OwnAddresses {
  const interfaces = Object.values(networkInterfaces())
    .flatMap((each) => (each === undefined ? [] : [each.filter(({ internal }) => !internal)]))
    .toSorted((one, another) => Number(isNear(another, guestAddress)) - Number(isNear(one, guestAddress)))
  const withIpv4 = interfaces.filter((each) => each.some(({ family }) => family === 'IPv4'))
  const of = (family: 'IPv4' | 'IPv6', isLinkLocal: boolean) =>
    (isLinkLocal ? withIpv4 : interfaces)
      .flat()
      .filter((each) => each.family === family && ((each.scopeid ?? 0) !== 0) === isLinkLocal)
      .map(({ address }) => address)
  return { ipv4: of('IPv4', false), ipv6: of('IPv6', false), linkLocal: of('IPv6', true) }
}

function isNear(addresses: readonly NetworkInterfaceInfo[], guestAddress: string | undefined): boolean {
  if (guestAddress === undefined) return false
  return addresses.some(({ family, address, cidr }) => {
    const prefix = Number(cidr?.split('/')[1] ?? PREFIX)
    return family === 'IPv4' && rangeOf(address, prefix).first === rangeOf(guestAddress, prefix).first
  })
}

/** The gateway of this host's default route; undefined where it has none. */
async function defaultGateway(): Promise<string | undefined> {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '')
  for (const line of table.split('\n').slice(1)) {
    const [, destination, gateway = ''] = line.split('\t')
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/i.test(gateway) || gateway === '00000000') continue
    // In the byte order of the processor, which is the little one wherever QEMU's guests run.
    return Buffer.from(gateway, 'hex').toReversed().join('.')
  }
  return undefined
}
