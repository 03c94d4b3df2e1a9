import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, type LxcResources, lxcFactory, ReleaseStack, type SeeContext } from '@see/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asLibvirtUser } from './support/as-libvirt-user.ts'
import { withTheHostsPrograms } from './support/hosts-programs.ts'
import { Listener } from './support/listener.ts'
import { NetworkNamespace, run } from './support/network-namespace.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

// What a guest sends that means harm, and whether it arrives. Each is sent from a network of mode "nat" as well, where it
// has to arrive: a probe that never arrives proves nothing.

const PORT = 8097
const DHCP = 67
const GUESTS_MS = 30_000

/** `table` and `filter` are both of mode nat-no-lan: kept by nftables, and by libvirt's filter. So is `shared`, by nftables. */
const kinds = ['nat', 'table', 'shared', 'filter'] as const
type Kind = (typeof kinds)[number]

interface Guest {
  readonly context: SeeContext<LxcResources>
  readonly bridge: string
  readonly address: string
  readonly gateway: string
  /** The host's link-local address on the bridge. */
  readonly linkLocal: string
  /** Another host on the same bridge. */
  readonly neighbour: NetworkNamespace
}

const tiny = makeTinyContainer()
const releases = new ReleaseStack()
const guests = new Map<Kind, Guest>()
let host: Listener
let inet: NetworkNamespace
let lan: NetworkNamespace
let metadata: NetworkNamespace

beforeAll(async () => {
  host = own(await Listener.start('the host', [PORT]))
  const ports = [PORT, DHCP]
  const route = '10.216.0.0/16'
  // 198.51.100.0/24 is kept for documentation (RFC 5737): as good as any network of the Internet.
  const other = (name: string, address: string, here: string) =>
    NetworkNamespace.create(name, { address, here, route, ports })
  inet = own(await other('seen-inet', '198.51.100.130/25', '198.51.100.129/25'))
  lan = own(await other('seen-lan', '192.168.216.2/24', '192.168.216.1/24'))
  metadata = own(await other('seen-meta', '169.254.169.254/24', '169.254.169.1/24'))
  for (const kind of kinds) guests.set(kind, await start(kind))
}, GUESTS_MS)

afterAll(async () => {
  await releases.release()
  tiny[Symbol.dispose]()
}, GUESTS_MS)

function own<Thing extends AsyncDisposable>(thing: Thing): Thing {
  releases.defer('what a test made', () => thing[Symbol.asyncDispose]())
  return thing
}

async function start(kind: Kind): Promise<Guest> {
  const mode = kind === 'nat' ? 'nat' : 'nat-no-lan'
  const sharing = kind === 'shared' ? 'shared' : 'own'
  const dynamic_address = { ipv4: '10.216.0.0', prefix: 16, subnet_prefix: 24 }
  const factory = lxcFactory(
    tiny.resources({ network: { mode, sharing, dynamic_address } }, withTheHostsPrograms(tiny)),
  )
  const allocate = () => Environment.allocate(factory)
  const { context } = own(await (kind === 'filter' ? asLibvirtUser(allocate) : allocate()))
  const bridge = (await context.network?.getBridgeName()) ?? ''
  // libvirt takes IPv6 off its bridges; what a guest sends must not count on that.
  writeFileSync(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '0')
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: GUESTS_MS })
  const gateway = address.replace(/\d+$/, '1')
  await vi.waitFor(async () =>
    expect(await sh(context, 'ip -4 address show eth0')).toContain(`inet ${address}/`),
  )
  await sh(context, `ip route add default via ${gateway}; ip address add fd00:216::a/64 dev eth0 nodad`)
  const neighbour = own(
    await NetworkNamespace.create(`seen-${kind}`, { address: 'fd00:216::b/64', bridge, ports: [PORT] }),
  )
  const linkLocal = await vi.waitFor(() => {
    const addresses = run('ip', '-6', 'address', 'show', 'dev', bridge, 'scope', 'link')
    expect(addresses).not.toContain('tentative')
    return /fe80[^/]*/.exec(addresses)?.[0] ?? expect.fail(addresses)
  }, 10_000)
  return { context, bridge, address, gateway, linkLocal, neighbour }
}

async function sh(context: SeeContext, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await context.agent.exec(['/bin/sh', '-c', script])
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

function guestOf(kind: Kind): Guest {
  const guest = guests.get(kind)
  if (guest === undefined) throw new Error(`the guest ${kind} does not run`)
  return guest
}

let count = 0

const SEND = `use IO::Socket::IP; my ($text, %of) = @ARGV;
  my $s = IO::Socket::IP->new(Proto => "udp", %of) or die "$@";
  $s->send($text); select(undef, undef, undef, 0.1); $s->send($text)`

interface Probe {
  readonly port?: number
  /** The sender's. */
  readonly fromPort?: number
  readonly fromAddress?: string
}

async function send(
  context: SeeContext,
  to: string,
  { port = PORT, fromPort, fromAddress }: Probe = {},
): Promise<string> {
  const message = `message ${++count}`
  const argv = ['PeerAddr', to, 'PeerPort', String(port)]
  if (fromPort !== undefined) argv.push('LocalPort', String(fromPort))
  if (fromAddress !== undefined) argv.push('LocalAddr', fromAddress)
  await context.agent.exec(['perl', '-e', SEND, '--', message, ...argv])
  return message
}

/** Whether it arrives where it was sent to; both are on this host, so that what arrives does so immediately. */
async function arrives(at: { hasHeard(message: string): boolean }, message: string): Promise<boolean> {
  for (let tries = 0; tries < 10 && !at.hasHeard(message); tries++) await sleep(50)
  return at.hasHeard(message)
}

/** Whether there are ways that nothing is on; the filter is not on all of them. */
function isGoneAround(kind: Kind): boolean {
  return kind === 'nat' || kind === 'filter'
}

describe.each([
  ['nat', true],
  ['table', false],
  ['shared', false],
  ['filter', false],
] as const)('a guest kept by: %s', (kind, expected) => {
  /** At each of these addresses; what does not arrive is waited for once. */
  const reachesHost = async (...addresses: readonly string[]) => {
    const messages: string[] = []
    for (const to of addresses) messages.push(await send(guestOf(kind).context, to))
    return await Promise.all(messages.map((message) => arrives(host, message)))
  }
  const reachesInet = async (probe?: Probe) =>
    arrives(inet, await send(guestOf(kind).context, '198.51.100.130', probe))

  test('reaches the Internet', async () => {
    expect(await reachesInet()).toBe(true)
  })

  test('resolves names through the host, and answers it', async () => {
    const { context, gateway, address } = guestOf(kind)
    expect(await sh(context, `busybox nslookup localhost ${gateway}`)).toContain('127.0.0.1')
    await sh(context, `busybox nc -ll -p ${PORT} -e echo hello >/dev/null 2>&1 &`)
    await expect.poll(() => run('busybox', 'nc', '-w', '3', address, String(PORT))).toBe('hello\n')
  })

  test(`reaches the LAN and a metadata service: ${expected}`, async () => {
    const { context } = guestOf(kind)
    const toLan = arrives(lan, await send(context, '192.168.216.2'))
    const toMetadata = arrives(metadata, await send(context, '169.254.169.254'))
    expect(await Promise.all([toLan, toMetadata])).toEqual([expected, expected])
  })

  test(`reaches another DHCP server as its client: ${expected}`, async () => {
    const message = await send(guestOf(kind).context, '192.168.216.2', { port: DHCP, fromPort: 68 })
    expect(await arrives(lan, message)).toBe(expected)
  })

  test(`reaches the host at any of its addresses: ${expected}`, async () => {
    const reached = await reachesHost(guestOf(kind).gateway, '198.51.100.129', '192.168.216.1')
    expect(reached).toEqual([expected, expected, expected])
  })

  test(`reaches the host over IPv6: ${expected}`, async () => {
    const { linkLocal, bridge } = guestOf(kind)
    run('ip', 'address', 'add', 'fd00:216::c/64', 'dev', bridge, 'nodad')
    const reached = await reachesHost(`${linkLocal}%eth0`, 'ff02::1%eth0', 'fd00:216::c')
    expect(reached).toEqual([expected, expected, expected])
  })

  test(`reaches another guest of its bridge over IPv6: ${expected}`, async () => {
    const { context, neighbour } = guestOf(kind)
    expect(await arrives(neighbour, await send(context, 'fd00:216::b'))).toBe(expected)
  })

  test(`reaches the Internet under an address that is not its own: ${expected}`, async () => {
    const { context, address } = guestOf(kind)
    const other = address.replace(/\d+$/, address.endsWith('.77') ? '78' : '77')
    await sh(context, `ip address add ${other}/32 dev eth0`)
    expect(await reachesInet({ fromAddress: other })).toBe(expected)
  })

  test(`reaches the Internet with a card that is not its own: ${expected}`, async () => {
    const { context } = guestOf(kind)
    await sh(context, 'ip link set eth0 address 52:54:00:77:77:77')
    expect(await reachesInet()).toBe(expected)
    await sh(context, `ip link set eth0 address ${context.macAddress()}`)
    expect(await reachesInet()).toBe(true)
  })

  // Frames to the addresses that bridges keep for themselves go around the bridge.
  test(`reaches the host around the bridge: ${isGoneAround(kind)}`, async () => {
    const { context, gateway } = guestOf(kind)
    await sh(context, `ip neigh replace ${gateway} lladdr 01:80:c2:00:00:0e nud permanent dev eth0`)
    expect(await reachesHost(gateway)).toEqual([isGoneAround(kind)])
    await sh(context, `ip neigh del ${gateway} dev eth0`)
  })

  // libvirt's filter holds for the addresses that there were when it was made.
  test(`reaches an address that the host got later: ${isGoneAround(kind)}`, async () => {
    run('ip', 'address', 'replace', '198.51.100.77/32', 'dev', lan.device)
    expect(await reachesHost('198.51.100.77')).toEqual([isGoneAround(kind)])
  })
})
