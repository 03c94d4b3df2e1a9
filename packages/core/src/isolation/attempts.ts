import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { IsolationPlan } from '../contract/isolation.ts'
import type { Attempt } from './attempt.ts'

/** A host may have many; the first of each family are tried. */
const MOST_ADDRESSES = 6
/** By number, so that no name has to be looked up: a public resolver, which answers at this port from everywhere. */
const INTERNET = { address: '1.1.1.1', port: 53 }
/** Where clouds have the credentials of their machines. */
const METADATA = { address: '169.254.169.254', port: 80 }
/** Reserved, so that a resolver that is asked can only say that there is none. */
const NAME = 'see-isolation.invalid'

/** @param port of our listener on this host */
export async function attemptsOf(
  { hostAddresses }: IsolationPlan,
  port: number,
): Promise<readonly Attempt[]> {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outward = interfaces.filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
  const own = (family: 'IPv4' | 'IPv6') =>
    outward.filter((each) => each.family === family).map(({ address }) => address)
  const host = [...new Set([...hostAddresses, ...own('IPv4')])].slice(0, MOST_ADDRESSES)
  const gateway = await defaultGateway()
  const other = { kind: 'tcp', isOurs: false } as const
  return [
    ...host.map((address) => ({ target: 'host', kind: 'tcp', address, port, isOurs: true }) as const),
    ...own('IPv6')
      .slice(0, MOST_ADDRESSES)
      .map((address) => ({ target: 'ipv6', kind: 'tcp', address, port, isOurs: true }) as const),
    { target: 'internet', ...other, ...INTERNET },
    ...(gateway === undefined ? [] : [{ target: 'lan', ...other, address: gateway, port: 53 } as const]),
    { target: 'metadata', ...other, ...METADATA },
    { target: 'dns', kind: 'name', address: NAME, port: 53, isOurs: false },
  ]
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
