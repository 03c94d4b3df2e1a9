import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { Environment, lxcFactory, type QemuResources, qemuFactory, type SeeContext } from '@see/core'
import type { NetworkSummary } from '@see/hooks'
import type { Network } from '@see/libvirt'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './support/network-namespace.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000
const NAME = 'c2.see.test'

/** A viewer that keeps what a VNC server says first, and goes on looking until it is closed. */
const VIEWER = `
  const { connect } = require('node:net')
  const { writeFileSync } = require('node:fs')
  const [host, port, file] = process.argv.slice(1)
  connect(Number(port), host).once('data', (banner) => writeFileSync(file, banner))`

/** A network whose DNS server knows the host by a name. */
const networkXml = (bridge: string) => `
  <network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0">
    <bridge stp="off" delay="0"/>
    <dnsmasq:options>
      <dnsmasq:option value="no-ping"/>
      <dnsmasq:option value="interface-name=${NAME},${bridge}"/>
    </dnsmasq:options>
  </network>`

const withKernelMessages = (xml: string) =>
  xml.replace('<cmdline>', '<cmdline>console=ttyS0 ').replace(' quiet ', ' ')

/** A guest whose kernel talks at its serial port, on a network of its own, and the hooks on it. */
async function allocate(results: string) {
  const identifier = randomUUID()
  const bridge = `virbr-${identifier.slice(0, 8)}`
  const file = tinyGuestResources(withKernelMessages)
  const resources = JSON.parse(readFileSync(file, 'utf8'))
  resources.domain.configuration = join(dirname(file), 'domain.xml')
  resources.network.configuration = join(results, 'network.xml')
  writeFileSync(resources.network.configuration, networkXml(bridge))
  const viewer = [process.execPath, '--eval', VIEWER, '{host}', '{port}', join(results, 'banner')]
  const hooks = {
    configuration: { results_folder: results },
    hooks: [
      { name: '@see/hooks#ConsoleHook' },
      { name: '@see/hooks#NetworkTracerHook' },
      { name: '@see/hooks#NetworkAnalysisHook' },
      { name: '@see/hooks#VNCHook', configuration: { viewer } },
    ],
  }
  const environment = await Environment.allocate(qemuFactory(resources), hooks, { identifier })
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment
}

/** A server on this host's address in the guest's network. */
async function listen(network: Network): Promise<{ address: string; port: number }> {
  const address = /<ip [^>]*address='([^']+)'/.exec(await network.getXMLDesc())?.[1] ?? ''
  const server = createServer((_request, response) => response.end('sleep 60'))
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(0, address, resolve))
  onTestFinished(() => void server.close())
  const bound = server.address()
  return { address, port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 }
}

async function sh(context: SeeContext<QemuResources>, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await context.agent.exec(['/bin/sh', '-c', script])
  expect([stderr.toString(), exitCode]).toEqual(['', 0])
  return stdout.toString()
}

/** Whether a packet of the trace is the guest's question for an address, byte by byte: RFC 2131, RFC 2132. */
function hasDhcpDiscover(trace: Buffer, macAddress: string): boolean {
  const address = Buffer.from(macAddress.replaceAll(':', ''), 'hex')
  const magicCookieAndType = Buffer.from('63825363350101', 'hex')
  const options = trace.indexOf(magicCookieAndType)
  // The client's address begins 28 bytes into the message, the options 236.
  return options >= 0 && trace.subarray(options - 236 + 28, options - 236 + 34).equals(address)
}

test('a container leaves the same evidence, and nothing of another on its network', {
  timeout: 60_000,
}, async () => {
  const results = temporaryFolder()
  using container = makeTinyContainer()
  const hooks = {
    configuration: { results_folder: results },
    hooks: ['ConsoleHook', 'NetworkTracerHook', 'NetworkAnalysisHook'].map((name) => ({
      name: `@see/hooks#${name}`,
    })),
  }
  await using environment = await Environment.allocate(lxcFactory(container.resources()), hooks)
  const { context, identifier } = environment
  await using beside = await Environment.allocate(lxcFactory(container.resources()))
  expect(beside.context.network?.uuid).toBe(context.network?.uuid)
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: 10_000 })
  await beside.context.poweron()
  const besides = await beside.context.waitForIp4Address({ timeoutMs: 10_000 })
  // The host asks all guests whose the address is.
  run('ip', 'neigh', 'flush', 'dev', (await context.network?.getBridgeName()) ?? '')
  for (const each of [address, besides]) run('sh', '-c', `busybox ping -c 1 -W 1 ${each} || true`)
  await context.poweroff()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  const read = (name: string) => readFileSync(join(results, `${identifier}${name}`))
  expect(hasDhcpDiscover(read('.pcap'), context.macAddress() ?? '')).toBe(true)
  const other = Buffer.from((beside.context.macAddress() ?? '').replaceAll(':', ''), 'hex')
  expect(read('.pcap').indexOf(other)).toBe(-1)
  const log = read('_network.log').toString()
  expect(log).toMatch(/DHCP \d+ DHCP Discover/)
  expect(log).toMatch(new RegExp(`ARP .*Who has ${address}\\?`))
  expect(log).not.toContain(`Who has ${besides}?`)
  expect(read('_console.log').toString()).toMatch(/^hello from the container\r?\n/)
})

test('a guest leaves evidence of all it does on the network, and says', { timeout: GUEST_MS }, async () => {
  const results = temporaryFolder()
  const environment = await allocate(results)
  const { context, identifier } = environment
  const host = await listen(context.network ?? expect.fail('there is no network'))
  const { address, port } = host
  await context.poweron()
  const guestAddress = await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  const task = await sh(context, `wget -q -O - -U bot/1.0 http://${NAME}:${port}/gate?id=7`)
  expect(task).toBe('sleep 60')
  await sh(context, 'echo the sample was here >/dev/ttyS0')
  await context.poweroff()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])

  const trace = readFileSync(join(results, `${identifier}.pcap`))
  expect(hasDhcpDiscover(trace, context.macAddress() ?? '')).toBe(true)

  const summary: NetworkSummary = JSON.parse(
    readFileSync(join(results, `${identifier}_network.json`), 'utf8'),
  )
  expect(summary).toMatchObject({ trace: join(results, `${identifier}.pcap`), truncated: false })
  expect(summary.dns).toContainEqual({
    name: NAME,
    type: 'A',
    queries: expect.any(Number),
    response_codes: [0],
    answers: [address],
  })
  expect(summary.http).toEqual([
    {
      method: 'GET',
      host: `${NAME}:${port}`,
      uri: '/gate?id=7',
      user_agent: 'bot/1.0',
      server: host,
      requests: 1,
    },
  ])
  const { conversations } = summary
  expect(conversations).toContainEqual(
    expect.objectContaining({
      protocol: 'tcp',
      source: { address: guestAddress, port: expect.any(Number) },
      destination: host,
      packets: expect.any(Number),
    }),
  )
  expect(conversations).toContainEqual(
    expect.objectContaining({
      protocol: 'udp',
      source: { address: '0.0.0.0', port: 68 },
      destination: { address: '255.255.255.255', port: 67 },
    }),
  )
  const log = readFileSync(join(results, `${identifier}_network.log`), 'utf8')
  expect(log).toMatch(/DHCP \d+ DHCP Discover/)
  expect(log).toMatch(new RegExp(`DNS \\d+ Standard query 0x[0-9a-f]+ A ${NAME}`))
  expect(log).toContain('GET /gate?id=7 HTTP/1.1')
  expect(log.trimEnd().split('\n')).toHaveLength(summary.packets)

  const said = readFileSync(join(results, `${identifier}_console.log`), 'utf8')
  // The first line that a guest writes at all.
  expect(said).toMatch(/^\[ +0\.000000\] Linux version/)
  expect(said).toContain('the sample was here')

  expect(readFileSync(join(results, 'banner'), 'latin1')).toMatch(/^RFB 003\.\d{3}\n$/)
  await environment.deallocate()
  // The trace, its summary and its log, the console's, and the manifest of them.
  expect(readdirSync(results).filter((name) => name.startsWith(identifier))).toHaveLength(5)
})
