import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { Environment, lxcFactory, type LxcResources, qemuFactory, type SinkholeRequest } from '@see/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { leftOfContainer } from './support/left-of-container.ts'
import { leftOf } from './support/leftovers.ts'
import { expectSunk } from './support/sinkhole.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer, type TinyContainer } from './support/tiny-container.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000

const sunkResources = () => tinyGuestResources(undefined, { network: { mode: 'sinkhole' } })

test('through libvirt, a guest finds everything it asks for, in SEE, and what it asks is on record', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  const hooks = {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }],
  }
  const environment = await Environment.allocate(qemuFactory(sunkResources()), hooks)
  onTestFinished(() => environment.deallocate(), 60_000)
  await expectSunk(environment, join(results, environment.identifier))
})

test('only QEMU’s user reaches a guest’s sinkhole', { timeout: GUEST_MS }, async () => {
  await using environment = await Environment.allocate(qemuFactory(sunkResources()))
  const port = Number(
    /<source address="127\.0\.0\.1" port="(\d+)"/.exec(await environment.context.domain.getXMLDesc())?.[1],
  )
  const heard: unknown[] = []
  environment.context.resources.abilities.capture.sinkhole?.listen((request) => heard.push(request))
  const command = ['--reuid=65534', '--clear-groups', 'busybox', 'nc', '127.0.0.1', String(port)]
  const child = spawn('setpriv', command, { stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.write('\0\0\0\x20'.repeat(100))
  // Its end is that of the connection.
  await once(child, 'exit')
  expect(heard).toEqual([])
})

/** An address alone reaches no other network. */
const DHCP = `#!/bin/sh
[ "$1" = bound ] || exit 0
echo "nameserver $dns" >/etc/resolv.conf
ip address add "$ip/$mask" dev "$interface"
ip route add default via "$router"
`
/** For the name a.example, over TCP, as printf writes it. */
const QUESTION = '\\0\\033\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1a\\7example\\0\\0\\1\\0\\1'
const CONTAINER_MS = 60_000
const FIRST_USER = 231_072
const USERS = ['uid', 'gid']
  .map((kind) => `<${kind} start="0" target="${FIRST_USER}" count="65536"/>`)
  .join('')

const tracing = (results: string) => ({
  configuration: { results_folder: results },
  hooks: [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }],
})

function container(): TinyContainer {
  const made = makeTinyContainer()
  onTestFinished(() => made[Symbol.dispose]())
  writeFileSync(join(made.root, 'etc/dhcp'), DHCP)
  return made
}

async function allocateSunk(made: TinyContainer): Promise<Environment<LxcResources>> {
  const configuration = made.resources({ network: { mode: 'sinkhole' } })
  const environment = await Environment.allocate(lxcFactory(configuration), tracing(temporaryFolder()))
  onTestFinished(() => environment.deallocate(), CONTAINER_MS)
  return environment
}

async function sh({ context }: Environment<LxcResources>, script: string): Promise<string> {
  const { stdout } = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: CONTAINER_MS })
  return stdout.toString()
}

/** The MAC address of a device of this host. */
function cardOf(device = ''): string {
  return readFileSync(`/sys/class/net/${device}/address`, 'utf8').trim()
}

async function powerOn(environment: Environment<LxcResources>): Promise<void> {
  await environment.context.poweron()
  await sh(environment, 'until ip route | grep -q default; do sleep 0.1; done')
}

test.each([
  ['with users of its own', `<idmap>${USERS}</idmap>`],
  ['with the users of the host', ''],
])(
  'a container %s finds everything it asks for, in SEE, and leaves nothing',
  {
    timeout: 2 * CONTAINER_MS,
  },
  async (_what, idmap) => {
    const made = container()
    if (idmap !== '') execFileSync('chown', ['-R', `${FIRST_USER}:${FIRST_USER}`, made.root])
    const results = temporaryFolder()
    const resources = made.resources({ network: { mode: 'sinkhole' } }, (xml) =>
      xml.replace('<devices>', `${idmap}<devices>`),
    )
    const environment = await Environment.allocate(lxcFactory(resources), tracing(results))
    onTestFinished(() => environment.deallocate(), CONTAINER_MS)
    await expectSunk(environment, join(results, environment.identifier))
    await environment.deallocate()
    expect(await leftOf(environment.identifier)).toEqual([])
    expect(await leftOfContainer(environment.identifier)).toEqual([])
  },
)

test('two containers beside each other each have a sinkhole, and neither reaches the host by any way', {
  timeout: 2 * CONTAINER_MS,
}, async () => {
  // The host has no way back: by UDP one packet is enough to see that it came.
  const heard: string[] = []
  const socket = createSocket('udp4', (message) => void heard.push(message.toString()))
  socket.bind(0)
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const { port } = socket.address()
  const host = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (host === undefined) throw new Error('this host has no network')

  const both = await Promise.all([container(), container()].map((each) => allocateSunk(each)))
  await Promise.all(both.map(powerOn))
  for (const environment of both) {
    const { context, identifier } = environment
    const asked: SinkholeRequest[] = []
    context.resources.abilities.capture.sinkhole?.listen((request) => asked.push(request))
    const name = `${identifier}.example`
    await sh(environment, `nslookup ${name}`)
    const bridge = await context.network?.getBridgeName()
    const cards = [bridge, `see-${identifier.slice(0, 8)}`, `see-${identifier.slice(0, 8)}-s`]
    await sh(environment, `ip route add ${host} dev eth0`)
    // By its question for the card, the sinkhole has the host's address.
    await sh(environment, `echo hello | nc -w 2 ${host} ${port}`)
    const ask = `timeout 1 tftp -g -r ${name} ${host} ${port}`
    await sh(environment, ask)
    // And where it asks for no address, none of the host's cards takes its packets.
    for (const address of cards.map(cardOf)) {
      expect(await sh(environment, `arp -i eth0 -s ${host} ${address} && echo set; ${ask}`)).toBe('set\n')
    }
    const neighbours = 'ping6 -c 2 -W 1 -I eth0 ff02::1; ip -6 neigh'
    expect(await sh(environment, neighbours)).not.toMatch(/bytes from (?!.*fe80::5054)|lladdr/)
    expect(heard).toEqual([])
    const names = asked.flatMap((each) => (each.kind === 'dns' ? [each.name] : []))
    expect(new Set(names)).toEqual(new Set([name]))
    const there = { address: host, port }
    expect(asked).toContainEqual(expect.objectContaining({ kind: 'tcp', ...there }))
    expect(asked).toContainEqual(expect.objectContaining({ kind: 'data', protocol: 'udp', ...there }))
  }
})

test('a container that restarts, and one powered on again, finds its sinkhole again', {
  timeout: 2 * CONTAINER_MS,
}, async () => {
  const environment = await allocateSunk(container())
  const { context } = environment
  const asked: SinkholeRequest[] = []
  context.resources.abilities.capture.sinkhole?.listen((request) => asked.push(request))
  await powerOn(environment)
  // A whole question, and in the same packet the beginning of another.
  await sh(environment, `(printf '${QUESTION}\\0\\377rest'; sleep 600) | nc 203.0.113.9 53 >/dev/null 2>&1 &`)
  const names = () => asked.flatMap((each) => (each.kind === 'dns' ? [each.name] : []))
  await expect.poll(names, { timeout: CONTAINER_MS }).toContain('a.example')
  const addresses = async () => (await context.domain.interfaceAddresses('lease')).length
  expect(await addresses()).toBe(1)
  await context.poweroff()
  expect(await addresses()).toBe(0)
  // What its connections had said is on record with its end.
  expect(asked).toContainEqual(expect.objectContaining({ kind: 'data', port: 53, bytes: 6 }))
  await powerOn(environment)
  await sh(environment, 'nslookup again.example')
  // As long as it is the same, so is its network.
  await sh(environment, 'ip address add 127.9.9.9/32 dev lo')
  await context.domain.reboot()
  const route = async () => {
    return await sh(environment, 'ip address | grep -q 127.9.9.9 || ip route').catch(() => '')
  }
  await expect.poll(route, { timeout: CONTAINER_MS }).toContain('default')
  await sh(environment, 'nslookup rebooted.example')
  expect(names()).toEqual(expect.arrayContaining(['again.example', 'rebooted.example']))
})

test('a container does not go on without its sinkhole', { timeout: CONTAINER_MS }, async () => {
  const environment = await allocateSunk(container())
  const { context, identifier } = environment
  await powerOn(environment)
  const relay = readdirSync('/proc').find((pid) => isRelayOf(pid, identifier))
  process.kill(Number(relay), 'SIGKILL')
  await expect
    .poll(() => context.guestEnds, { timeout: 20_000 })
    .toMatchObject([{ reason: 'failed', detail: expect.stringContaining('sinkhole') }])
  await expect.poll(() => context.state(), { timeout: 20_000 }).toBe('shutoff')
  await expect(context.poweron()).rejects.toMatchObject({ code: 'NETWORK_INVALID' })
})

function isRelayOf(pid: string, identifier: string): boolean {
  if (!/^\d+$/.test(pid)) return false
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return command.includes('qemu') && command.includes(`ifname=see-${identifier.slice(0, 8)}-s`)
  } catch {
    return false
  }
}

test('when a container’s sinkhole cannot be made, nothing is left of it', {
  timeout: CONTAINER_MS,
}, async () => {
  const made = container()
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'qemu-system-x86_64'), '#!/bin/sh\necho no >&2; exit 1', { mode: 0o755 })
  chmodSync(folder, 0o755)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const identifier = randomUUID()
  const resources = made.resources({ network: { mode: 'sinkhole' } })
  const allocating = Environment.allocate(lxcFactory(resources), undefined, { identifier })
  await expect(allocating).rejects.toMatchObject({
    code: 'NETWORK_INVALID',
    message: expect.stringContaining('exit code 1 no'),
  })
  expect(await leftOf(identifier)).toEqual([])
})
