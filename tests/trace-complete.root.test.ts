import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, eventNames, lxcFactory, qemuFactory, type SeeContext, WarmPool } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './support/network-namespace.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000

/** A bridge of the test's own, and an interface on it. */
function ownBridge(): string {
  const bridge = `seet${randomUUID().slice(0, 8)}`
  run('ip', 'link', 'add', bridge, 'type', 'bridge')
  onTestFinished(() => void run('ip', 'link', 'delete', bridge))
  run('ip', 'link', 'set', bridge, 'up')
  return `<interface type="bridge"><source bridge="${bridge}"/></interface>`
}

const tracerIn = (results: string, configuration = {}) => ({
  configuration: { results_folder: results, ...configuration },
  hooks: [{ name: '@see/hooks#NetworkTracerHook' }],
})

/** The lines of what tcpdump reads in a trace. */
const linesOf = (path: string, ...filter: string[]): string[] =>
  execFileSync('tcpdump', ['-n', '-e', '-r', path, ...filter], { encoding: 'utf8', stdio: 'pipe' })
    .split('\n')
    .filter((line) => line !== '')

const discoversOf = (path: string, macAddress: string) =>
  linesOf(path, `ether src ${macAddress} and udp src port 68`).length

/** What mode nat-no-lan blocks: the host, its networks, a metadata service, a name server of the LAN. */
function forbidden(address: string): string[] {
  const gateway = address.replace(/\d+$/, '1')
  return [gateway, '192.168.216.9', '169.254.169.254', '10.77.0.1']
}

/** Knocks at each, and asks the last for a name. */
async function knock(context: SeeContext, address: string): Promise<void> {
  const places = forbidden(address)
  const addresses = async () =>
    (await context.agent.exec(['ip', 'address', 'show', 'eth0'])).stdout.toString()
  await expect.poll(addresses, { timeout: 10_000 }).toContain(`inet ${address}/`)
  const pings = places.map((place) => `ping -c 1 -W 1 ${place} >/dev/null 2>&1`)
  const script = `ip route replace default via ${places[0]}; ${pings.join('; ')}; nslookup c2.example ${places[3]} >/dev/null 2>&1; true`
  const { exitCode } = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: 60_000 })
  expect(exitCode).toBe(0)
}

function expectKnocks(path: string, address: string): void {
  for (const place of forbidden(address)) {
    expect(linesOf(path, `icmp and src host ${address} and dst host ${place}`), place).not.toEqual([])
  }
  expect(linesOf(path, `udp dst port 53 and dst host ${forbidden(address)[3]}`)).not.toEqual([])
}

test('through libvirt, has what the firewall drops, of a clone, each time it is powered on', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  const resources = await sharedTemplate('libvirt')
  const environment = await Environment.allocate(qemuFactory(resources), tracerIn(results))
  onTestFinished(() => environment.deallocate(), 60_000)
  const { context, identifier } = environment
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  await knock(context, address)
  // A frame under the MAC address of another is dropped on the bridge already.
  const forge = 'ip link set eth0 address 02:00:00:00:00:99; ping -c 1 -W 1 192.168.216.9; true'
  await context.agent.exec(['/bin/sh', '-c', forge])
  await context.poweroff()
  await context.poweron()
  await context.poweroff()
  expect(context.failures).toEqual([])
  expect(context.warnings).toEqual([])
  const path = join(results, `${identifier}.pcap`)
  expectKnocks(path, address)
  expect(linesOf(path, 'ether src 02:00:00:00:00:99')).not.toEqual([])
  expect(readFileSync(join(results, `${identifier}_2.pcap`)).length).toBeGreaterThanOrEqual(24)
})

test('of a sandbox of a warm pool, has everything from its handing out on, and says what came before', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  await using pool = await WarmPool.create(qemuFactory(await sharedTemplate('libvirt')), {
    size: 1,
    prepare: async (context) => {
      await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
      await context.agent.exec(['/bin/sh', '-c', 'ping -c 1 -W 1 192.168.216.8; true'])
    },
  })
  await using environment = await pool.allocate(tracerIn(results))
  const { context, identifier } = environment
  await context.poweron()
  await knock(context, await context.waitForIp4Address({ timeoutMs: GUEST_MS }))
  await context.poweroff()
  expect(context.warnings).toMatchObject([
    { code: 'TRACE_STARTED_LATE', what: expect.stringMatching(/^up to [1-9]\d* packets/) },
  ])
  expect(linesOf(join(results, `${identifier}.pcap`), 'icmp and dst host 169.254.169.254')).not.toEqual([])
})

test('of QEMU’s interfaces, finds each that has a device, before the guest runs', {
  timeout: GUEST_MS,
}, async () => {
  const second = `${ownBridge()}<interface type="user"/>`
  const resources = tinyGuestResources((xml) => xml.replace('</interface>', `</interface>${second}`), {
    network: { other_interfaces: 'warn' },
  })
  await using environment = await Environment.allocate(qemuFactory(resources))
  const { context } = environment
  expect(context.warnings).toMatchObject([
    { code: 'INTERFACE_NOT_ISOLATED', what: expect.stringMatching(/^interface 2 \(bridge "seet/) },
    { code: 'INTERFACE_NOT_ISOLATED', what: expect.stringMatching(/^interface 3 \(user/) },
  ])
  const seen: unknown[] = []
  await context.resources.abilities.capture.interfaces?.watch(async ({ points, untraceable }) => {
    const { state } = await context.domain.getState()
    const sent = points.map((point) => point.packetsSent())
    seen.push({ state, sent, untraceable: untraceable.map(({ what }) => what) })
  })
  await context.poweron()
  await context.poweroff()
  expect(seen).toEqual([
    { state: 'paused', sent: [0, 0], untraceable: [expect.stringMatching(/^interface 3 \(user/)] },
  ])
})

test('of a container, has both interfaces from the first packet on, each time it starts', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  using container = makeTinyContainer()
  const init = join(container.root, 'sbin/init')
  const both = readFileSync(init, 'utf8').replace(
    'ip link set eth0 up',
    'ip link set eth1 up; udhcpc -i eth1 -b -q -T 1 -t 10 >/dev/null 2>&1 & ip link set eth0 up',
  )
  execFileSync('tee', [init], { input: both, stdio: ['pipe', 'ignore', 'inherit'] })
  const network = {
    dynamic_address: { ipv4: '10.214.0.0', prefix: 20, subnet_prefix: 24 },
    other_interfaces: 'warn',
  }
  const resources = container.resources({ network }, (xml) =>
    xml.replace('</interface>', `</interface>${ownBridge()}`),
  )
  const events = { stop_trace_on_event: 'traced_enough' }
  const hooks = tracerIn(results, events)
  const environment = await Environment.allocate(lxcFactory(resources), hooks)
  onTestFinished(() => environment.deallocate(), 60_000)
  const { context, identifier } = environment
  expect(context.warnings).toMatchObject([
    { code: 'INTERFACE_NOT_ISOLATED', what: expect.stringMatching(/^interface 2 \(bridge "seet/) },
  ])
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: 20_000 })
  await knock(context, address)
  const path = join(results, `${identifier}.pcap`)
  const [first = '', second = ''] = [
    ...(await context.domain.getXMLDesc()).matchAll(/<mac address='([^']+)'/g),
  ].map(([, mac = '']) => mac)
  expect(first).toBe(context.macAddress())
  await expect.poll(() => discoversOf(path, second)).toBeGreaterThan(0)
  const before = discoversOf(path, first)
  await context.restart()
  await expect.poll(() => discoversOf(path, first), { timeout: 20_000 }).toBeGreaterThan(before)
  await sleep(100)
  for (const event of eventNames.parse(events.stop_trace_on_event)) await context.trigger(event)
  await context.poweroff()
  expect(context.failures).toEqual([])
  expect(context.warnings).toHaveLength(1)
  expectKnocks(path, address)
})

test('refuses a guest with a second interface if it is to', async () => {
  using container = makeTinyContainer()
  const resources = container.resources({ network: { other_interfaces: 'refuse' } }, (xml) =>
    xml.replace('</interface>', `</interface>${ownBridge()}`),
  )
  await expect(Environment.allocate(lxcFactory(resources))).rejects.toMatchObject({
    code: 'NETWORK_INVALID',
    message: expect.stringContaining('interface 2 (bridge "seet'),
  })
})
