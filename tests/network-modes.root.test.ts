import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Environment, type QemuResources, qemuFactory, type SeeContext } from '@see/core'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asLibvirtUser } from './support/as-libvirt-user.ts'
import { NetworkNamespace, run } from './support/network-namespace.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const GUEST_MS = 180_000
const PORT = 8099
/** Kept for documentation (RFC 5737): as good as any network of the Internet. */
const inetNetwork = '198.51.100'
/** The mode nat-no-lan twice: kept by nftables, and by libvirt's filter where SEE has no rights of its own. */
const ownModes = ['nat-no-lan', 'nat-no-lan by libvirt', 'nat', 'routed', 'isolated'] as const
const sharedModes = ['shared nat-no-lan', 'shared nat', 'shared routed', 'shared isolated'] as const
const modes = [...ownModes, ...sharedModes]
type Mode = (typeof modes)[number]

const guests = new Map<Mode, Environment<QemuResources>>()
const hosts: NetworkNamespace[] = []
// On every address that this host has by then.
const here = createServer((socket) => socket.end('hello from the host\n'))

function guestOf(mode: Mode): SeeContext<QemuResources> {
  const environment = guests.get(mode)
  if (environment === undefined) throw new Error(`the guest of ${mode} does not run`)
  return environment.context
}

async function allocate(mode: Mode, clones: string): Promise<void> {
  const byLibvirt = mode === 'nat-no-lan by libvirt'
  // That user may not read root's templates.
  const file = byLibvirt ? join(tinyGuest(), 'resources.json') : clones
  const { hypervisor, domain, disk, template } = JSON.parse(readFileSync(file, 'utf8'))
  const dynamic_address = { ipv4: '10.214.0.0', prefix: 20, subnet_prefix: 24 }
  const isShared = mode.startsWith('shared ')
  const network = {
    mode: networkModeOf(mode),
    sharing: isShared ? 'shared' : 'own',
    dynamic_address,
  } as const
  const factory = qemuFactory({
    hypervisor,
    domain: { configuration: resolve(dirname(file), domain.configuration) },
    disk: { ...disk, image: resolve(dirname(file), disk.image) },
    network,
    template,
  })
  const make = () => Environment.allocate(factory)
  const environment = await (byLibvirt ? asLibvirtUser(make) : make())
  guests.set(mode, environment)
  // libvirt takes IPv6 off its bridges; what a guest reaches must not count on that.
  writeFileSync(`/proc/sys/net/ipv6/conf/${await bridgeOf(mode)}/disable_ipv6`, '0')
}

function networkModeOf(mode: Mode) {
  switch (mode) {
    case 'nat':
    case 'shared nat':
      return 'nat'
    case 'routed':
    case 'shared routed':
      return 'routed'
    case 'isolated':
    case 'shared isolated':
      return 'isolated'
    default:
      return 'nat-no-lan'
  }
}

async function bridgeOf(mode: Mode): Promise<string> {
  return (await guestOf(mode).network?.getBridgeName()) ?? ''
}

/** The host's address on the guest's bridge that needs no network, as the guest has to write it. */
async function linkLocalOf(mode: Mode): Promise<string> {
  const bridge = await bridgeOf(mode)
  const shown = run('ip', '-6', 'address', 'show', 'dev', bridge, 'scope', 'link')
  return `${/fe80[^/]*/.exec(shown)?.[0]}%eth0`
}

async function start(mode: Mode): Promise<void> {
  const context = guestOf(mode)
  await context.poweron()
  await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
}

beforeAll(async () => {
  const clones = await sharedTemplate('libvirt')
  here.listen(PORT, '::')
  await once(here, 'listening')
  for (const [name, network] of [
    ['see-inet', inetNetwork],
    ['see-lan', '192.168.214'],
    ['see-meta', '169.254.214'],
  ]) {
    const ends = { address: `${network}.2/24`, here: `${network}.1/24` }
    hosts.push(await NetworkNamespace.create(name ?? '', { ...ends, route: '10.214.0.0/20', ports: [PORT] }))
  }
  // One after the other: while another user makes one, this process waits.
  for (const mode of modes) await allocate(mode, clones)
  await Promise.all(modes.map(start))
  // The other sandbox, for those that try to reach it.
  await listenIn(guestOf('nat'))
  const other = await guestOf('nat').waitForIp4Address()
  await vi.waitFor(async () => expect(await greetingOf(other)).toBe('hello\n'))
}, GUEST_MS)

afterAll(async () => {
  for (const environment of guests.values()) await environment.deallocate()
  for (const host of hosts.splice(0)) await host[Symbol.asyncDispose]()
  here.close()
}, GUEST_MS)

async function listenIn({ agent }: SeeContext): Promise<void> {
  await agent.exec(['/bin/sh', '-c', `nc -ll -p ${PORT} -e echo hello >/dev/null 2>&1 &`])
}

/** What a listener says to this host. */
async function greetingOf(address: string): Promise<string> {
  const socket = connect(PORT, address)
  try {
    const [data] = await once(socket, 'data')
    return String(data)
  } catch {
    return ''
  } finally {
    socket.destroy()
  }
}

/** For each of these addresses, whether something answers the guest there; it tries all of them at the same time. */
async function reached({ agent }: SeeContext, addresses: readonly string[]): Promise<boolean[]> {
  const files = addresses.map((_address, index) => `/tmp/said-${index}`)
  const tries = addresses.map((address, index) => `nc -w 5 '${address}' ${PORT} >${files[index]} 2>&1 &`)
  const shown = `grep -l '^hello' ${files.join(' ')}`
  const { stdout } = await agent.exec(['/bin/sh', '-c', [...tries, 'wait', shown].join('\n')])
  const found = stdout.toString().split('\n')
  return files.map((file) => found.includes(file))
}

async function gatewayOf(mode: Mode): Promise<string> {
  return ((await guestOf(mode).ip4Address()) ?? '').replace(/\d+$/, '1')
}

const inet = `${inetNetwork}.2`
const lan = '192.168.214.2'
const metadata = '169.254.214.2'
const hostElsewhere = `${inetNetwork}.1`

const routed = { [inet]: true, [lan]: true, [hostElsewhere]: true, host: true, other: false }
const isolated = { [inet]: false, [lan]: false, [metadata]: false, host: true, other: false }
const kept = {
  [inet]: true,
  [lan]: false,
  [metadata]: false,
  [hostElsewhere]: false,
  host: false,
  'the host over IPv6': false,
  other: false,
}

async function addressOf(where: string, mode: Mode): Promise<string> {
  if (where === 'host') return await gatewayOf(mode)
  if (where === 'the host over IPv6') return await linkLocalOf(mode)
  return where === 'other' ? await guestOf('nat').waitForIp4Address() : where
}

const reachable: Readonly<Record<Mode, Readonly<Record<string, boolean>>>> = {
  'nat-no-lan': kept,
  'nat-no-lan by libvirt': kept,
  nat: {
    [inet]: true,
    [lan]: true,
    [metadata]: true,
    [hostElsewhere]: true,
    host: true,
    'the host over IPv6': true,
  },
  routed,
  isolated,
  'shared nat-no-lan': kept,
  // Nothing but IPv4 leaves a shared network.
  'shared nat': { [inet]: true, [lan]: true, [metadata]: true, host: true, 'the host over IPv6': false },
  'shared routed': routed,
  'shared isolated': isolated,
}

const groups: readonly { sharing: string; these: readonly Mode[] }[] = [
  { sharing: 'of its own', these: ownModes },
  { sharing: 'that is shared', these: sharedModes },
]

/** Which of the places it may or may not reach a guest does reach. */
async function placesReached(mode: Mode): Promise<ReadonlySet<string>> {
  const places = Object.keys(reachable[mode])
  const addresses = await Promise.all(places.map((where) => addressOf(where, mode)))
  const answers = await reached(guestOf(mode), addresses)
  return new Set(places.filter((_place, index) => answers[index] === true))
}

describe.each(groups)('on a network $sharing', ({ these }) => {
  const found = new Map<Mode, ReadonlySet<string>>()

  // What is not reached is waited for: by all at the same time, and no more of them than this host has time for.
  beforeAll(async () => {
    const all = await Promise.all(these.map(placesReached))
    for (const [index, mode] of these.entries()) found.set(mode, all[index] ?? new Set())
  }, GUEST_MS)

  describe.each(these)('a guest with the mode %s', (mode) => {
    test.each(Object.entries(reachable[mode]))('reaches %s: %s', (where, expected) => {
      expect(found.get(mode)?.has(where)).toBe(expected)
    })
  })
})

test.each(['nat-no-lan', 'nat-no-lan by libvirt'] as const)(
  'the guest with the mode %s has its names resolved by the host, and can be reached from it',
  async (mode) => {
    const context = guestOf(mode)
    const address = await context.waitForIp4Address()
    const asked = await context.agent.exec(['nslookup', 'see-guest', await gatewayOf(mode)])
    expect(asked.stdout.toString()).toContain('see-guest')
    await listenIn(context)
    await expect.poll(() => greetingOf(address)).toBe('hello\n')
  },
)

test('the guest has the address that was kept for it', async () => {
  expect(await guestOf('nat-no-lan').ip4Address()).toMatch(/\.2$/)
})

test.each([
  ['nat-no-lan', 1],
  ['nat-no-lan by libvirt', 0],
] as const)('what keeps the guest with the mode %s goes with its environment', async (mode, tables) => {
  const environment = guests.get(mode)
  const name = `see-${environment?.identifier}`
  await using hypervisor = await Hypervisor.open('qemu:///system')
  const filters = async () => {
    const all = await hypervisor.call('CONNECT_LIST_ALL_NWFILTERS', { need_results: 1, flags: 0 })
    return all.filters.filter((filter) => filter.name === name).length
  }
  const tablesOf = () => run('nft', 'list', 'tables', 'inet').split(name).length - 1
  expect([tablesOf(), await filters()]).toEqual([tables, 1 - tables])
  await environment?.deallocate()
  expect([tablesOf(), await filters()]).toEqual([0, 0])
})
