import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Environment, type QemuResources, qemuFactory, type SeeContext } from '@see/core'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { NetworkNamespace } from './support/network-namespace.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const GUEST_MS = 180_000
const PORT = 8099
const modes = ['nat-no-lan', 'nat', 'routed', 'isolated'] as const
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

async function start(mode: Mode): Promise<void> {
  const file = resolve(tinyGuest(), 'resources.json')
  const { hypervisor, domain, disk } = JSON.parse(readFileSync(file, 'utf8'))
  const environment = await Environment.allocate(
    qemuFactory({
      hypervisor,
      domain: { configuration: resolve(dirname(file), domain.configuration) },
      disk: { ...disk, image: resolve(dirname(file), disk.image) },
      network: { mode, dynamic_address: { ipv4: '10.214.0.0', prefix: 20, subnet_prefix: 24 } },
    }),
  )
  guests.set(mode, environment)
  const { context } = environment
  await context.poweron()
  await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
}

beforeAll(async () => {
  here.listen(PORT, '0.0.0.0')
  await once(here, 'listening')
  // 198.51.100.0/24 is kept for documentation (RFC 5737): as good as any network of the Internet.
  hosts.push(await NetworkNamespace.create('see-inet', '198.51.100', PORT, ['10.214.0.0/20']))
  hosts.push(await NetworkNamespace.create('see-lan', '192.168.214', PORT, ['10.214.0.0/20']))
  hosts.push(await NetworkNamespace.create('see-meta', '169.254.214', PORT, ['10.214.0.0/20']))
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

/** Whether something answers the guest there. */
async function reaches(context: SeeContext, address: string): Promise<boolean> {
  const { stdout } = await context.agent.exec(['nc', '-w', '3', address, String(PORT)])
  return stdout.toString().startsWith('hello')
}

async function gatewayOf(mode: Mode): Promise<string> {
  return ((await guestOf(mode).ip4Address()) ?? '').replace(/\d+$/, '1')
}

const inet = '198.51.100.2'
const lan = '192.168.214.2'
const metadata = '169.254.214.2'
const hostElsewhere = '198.51.100.1'

describe.each([
  [
    'nat-no-lan',
    { [inet]: true, [lan]: false, [metadata]: false, [hostElsewhere]: false, host: false, other: false },
  ],
  ['nat', { [inet]: true, [lan]: true, [metadata]: true, [hostElsewhere]: true, host: true }],
  ['routed', { [inet]: true, [lan]: true, [hostElsewhere]: true, host: true, other: false }],
  ['isolated', { [inet]: false, [lan]: false, [metadata]: false, host: true, other: false }],
] as const)('a guest with the mode %s', (mode, reachable) => {
  test.each(Object.entries(reachable))('reaches %s: %s', async (where, expected) => {
    const address =
      where === 'host'
        ? await gatewayOf(mode)
        : where === 'other'
          ? await guestOf('nat').waitForIp4Address()
          : where
    expect(await reaches(guestOf(mode), address)).toBe(expected)
  })
})

test('the guest that is kept from the host has its names resolved by it, and can be reached from it', async () => {
  const context = guestOf('nat-no-lan')
  const address = await context.waitForIp4Address()
  const asked = await context.agent.exec(['nslookup', 'see-guest', await gatewayOf('nat-no-lan')])
  expect(asked.stdout.toString()).toContain('see-guest')
  await listenIn(context)
  await expect.poll(() => greetingOf(address)).toBe('hello\n')
})

test('the guest has the address that was kept for it', async () => {
  expect(await guestOf('nat-no-lan').ip4Address()).toMatch(/\.2$/)
})

test('the filter goes with its environment', async () => {
  const environment = guests.get('nat-no-lan')
  await environment?.deallocate()
  await using hypervisor = await Hypervisor.open('qemu:///system')
  const { filters } = await hypervisor.call('CONNECT_LIST_ALL_NWFILTERS', { need_results: 1, flags: 0 })
  expect(filters.map(({ name }) => name)).not.toContain(`see-${environment?.identifier}`)
})
