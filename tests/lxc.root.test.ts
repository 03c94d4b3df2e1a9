import { execFile } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, injectSample, type LxcResources, lxcFactory, type SeeContext } from '@see/core'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { processOf } from './contract/unasked.ts'
import { leftOfContainer } from './support/left-of-container.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

const CONTAINER_MS = 20_000
const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
const tiny = makeTinyContainer()
afterAll(() => tiny[Symbol.dispose]())

let hypervisor: Hypervisor
beforeAll(async () => {
  hypervisor = await Hypervisor.open('lxc:///')
})
afterAll(() => hypervisor.close())

async function allocate(
  overrides?: Record<string, unknown>,
  edit?: (xml: string) => string,
): Promise<Environment<LxcResources>> {
  const environment = await Environment.allocate(lxcFactory(tiny.resources(overrides, edit)))
  onTestFinished(() => environment.deallocate(), CONTAINER_MS)
  return environment
}

async function sh(context: SeeContext<LxcResources>, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await context.agent.exec(['/bin/sh', '-c', script])
  expect([stderr.toString(), exitCode]).toEqual(['', 0])
  return stdout.toString()
}

describe('a container that runs', () => {
  let environment: Environment<LxcResources>
  let context: SeeContext<LxcResources>

  beforeAll(async () => {
    environment = await Environment.allocate(lxcFactory(tiny.resources()))
    context = environment.context
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: CONTAINER_MS })
  })
  afterAll(() => environment.deallocate(), CONTAINER_MS)

  test('refuses what cannot be an argument', async () => {
    await expect(context.agent.exec(['sh', 'a\0b'])).rejects.toMatchObject({ code: 'AGENT_COMMAND_FAILED' })
  })

  test('confines programs as its init is confined', async () => {
    vi.stubEnv('SEE_SECRET', 'not for the guest')
    const fields =
      'grep -E "^Cap(Bnd|Eff|Prm|Inh)" /proc/$pid/status; cat /proc/$pid/cgroup; for ns in ipc mnt net pid uts; do readlink /proc/$pid/ns/$ns; done'
    const own = await sh(context, `pid=self; ${fields}`)
    vi.unstubAllEnvs()
    expect(own).toBe(await sh(context, `pid=1; ${fields}`))
    expect(own).toContain(`-${environment.identifier.slice(0, 10)}`)
    expect(await sh(context, 'env')).not.toContain('SECRET')
  })

  test('does not wait for what a program leaves in the background', async () => {
    const started = performance.now()
    expect(await sh(context, 'echo now; sleep 30 &')).toBe('now\n')
    expect(performance.now() - started).toBeLessThan(5000)
    await sh(context, 'killall sleep')
  })

  test('kills a program that takes too long, with what it started', async () => {
    const sleeping = context.agent.exec(['sh', '-c', 'sleep 4321 & sleep 4321'], { timeoutMs: 300 })
    await expect(sleeping).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    await expect.poll(() => sh(context, 'ps | grep -c "[s]leep 4321" || true')).toBe('0\n')
  })

  test('goes on with a program when it was paused meanwhile', async () => {
    const running = context.agent.exec(['sh', '-c', 'sleep 0.2; echo done'])
    await sleep(100)
    await context.pause()
    await expect(context.agent.ping()).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
    const waiting = context.agent.exec(['echo', 'later'])
    const tooLong = context.agent.exec(['echo', 'never'], { timeoutMs: 100 })
    await expect(tooLong).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    expect(await Promise.race([running, waiting, sleep(500, 'nothing')])).toBe('nothing')
    await context.resume()
    expect((await running).stdout.toString()).toBe('done\n')
    expect((await waiting).stdout.toString()).toBe('later\n')
  })

  test('says why a file cannot be read or written', async () => {
    for (const path of ['/nowhere', '/tmp']) {
      await expect(context.agent.readFile(path)).rejects.toMatchObject({ code: 'AGENT_COMMAND_FAILED' })
    }
    await expect(context.agent.writeFile('/nowhere/x', 'x')).rejects.toThrow(/nonexistent|No such/)
  })

  test('cannot lead what is written out of itself by a link', async () => {
    const outside = join(tiny.folder, 'outside')
    await sh(context, `ln -s ${outside} /tmp/trap`)
    await expect(context.agent.writeFile('/tmp/trap', 'caught')).rejects.toThrow()
    expect(existsSync(outside)).toBe(false)
  })

  test('gets a sample of any size', async () => {
    const content = Buffer.concat([Buffer.from('#!/bin/sh\necho ran; exit 3\n'), randomBytes(3_000_000)])
    const sample = join(tiny.folder, 'sample.sh')
    writeFileSync(sample, content)
    const path = await injectSample(context, sample)
    expect(await context.agent.exec([path])).toMatchObject({ exitCode: 3, stdout: Buffer.from('ran\n') })
    const sum = createHash('sha256').update(content).digest('hex')
    expect(await sh(context, `sha256sum <${path}`)).toBe(`${sum}  -\n`)
  })

  test('is entered by root only', async () => {
    const user = vi.spyOn(process, 'geteuid').mockReturnValue(1000)
    await expect(context.agent.exec(['true'])).rejects.toMatchObject({ code: 'AGENT_UNAVAILABLE' })
    await expect(context.agent.waitUntilReady({ timeoutMs: 5000 })).rejects.toThrow(/run SEE as root/)
    user.mockRestore()
  })
})

test.each([
  ['nat-no-lan', false],
  ['isolated', true],
] as const)('on a network of mode %s, whether it reaches the host: %s', async (mode, reaches) => {
  const dynamic_address = { ipv4: '10.215.0.0', prefix: 20, subnet_prefix: 26 }
  const { context } = await allocate({ network: { mode, dynamic_address } })
  const server = createServer((socket) => socket.end('the host\n'))
  await new Promise<void>((resolve) => void server.listen(0, resolve))
  onTestFinished(() => void server.close())
  const listening = server.address()
  const port = typeof listening === 'object' ? listening?.port : undefined
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: CONTAINER_MS })
  await expect.poll(() => sh(context, 'ip -4 address show eth0')).toContain(`inet ${address}/`)
  const route = await sh(context, 'ip -4 route')
  const gateway = /10\.215\.\d+\.\d+/.exec(route)?.[0] ?? ''
  const host = gateway.replace(/\d+$/, (last) => String(Number(last) + 1))
  const { stdout } = await context.agent.exec(['nc', '-w', '2', host, String(port)])
  expect(stdout.toString()).toBe(reaches ? 'the host\n' : '')
})

test.each([
  ['of mode none', { network: { mode: 'none' } }, (xml: string) => xml],
  [
    'that is not there',
    { network: undefined },
    (xml: string) => xml.replace(/<interface.*<\/interface>/, ''),
  ],
])('on a network %s, it is not on the host network either', async (_what, overrides, edit) => {
  const { context } = await allocate(overrides, edit)
  await context.poweron()
  expect(context.macAddress()).toBeUndefined()
  expect(await sh(context, 'ls /sys/class/net')).toBe('lo\n')
})

test('what only machines can, it refuses; off, it says where to look for why', async () => {
  const { context } = await allocate()
  await expect(context.agent.exec(['true'])).rejects.toMatchObject({
    code: 'GUEST_STOPPED',
    message: expect.stringContaining(`/var/log/libvirt/lxc/${context.identifier}.log`),
  })
  await expect(context.domain.reset()).rejects.toMatchObject({ code: 'VIR_ERR_NO_SUPPORT' })
})

test('folders are made for it, mounted in it, and removed with all that it left', async () => {
  const [one, other] = ['one', 'other'].map((name) => join(tiny.folder, name))
  for (const folder of [one, other]) mkdirSync(folder ?? '')
  const filesystem = [
    { source_path: one, target_path: '/one' },
    { source_path: other, target_path: '/deep/other' },
  ]
  const environment = await allocate({ domain: { filesystem } })
  const { context, identifier } = environment
  const made = join(one ?? '', identifier)
  writeFileSync(join(made, 'given'), 'by the host')
  await context.poweron()
  expect(await sh(context, 'cat /one/given; echo left >/deep/other/by-it; ln -s / /one/link')).toBe(
    'by the host',
  )
  expect(readFileSync(join(other ?? '', identifier, 'by-it'), 'utf8')).toBe('left\n')
  // Nested deeper than a path may be long.
  const nest = 'for i in $(seq 180); do mkdir 12345678901234567890; cd 12345678901234567890; done'
  await sh(context, `mkdir /one/a /one/b; cd /one/b; ${nest}; cd /one/a; ${nest}; mv /one/b .`)
  await environment.deallocate()
  expect(readdirSync(one ?? '')).toEqual([])
  expect(readdirSync(other ?? '')).toEqual([])
  expect(existsSync(tiny.root)).toBe(true)
})

test('users of its own are mapped, and the folder is theirs', async () => {
  const users =
    '<idmap><uid start="0" target="231072" count="65536"/><gid start="0" target="231072" count="65536"/></idmap>'
  const source_path = join(tiny.folder, 'mapped')
  mkdirSync(source_path)
  // The container's users may not make it.
  mkdirSync(join(tiny.root, 'shared'))
  const filesystem = { source_path, target_path: '/shared' }
  const mapped = (xml: string) => xml.replace('<devices>', `${users}<devices>`)
  const { context, identifier } = await allocate({ domain: { filesystem } }, mapped)
  await context.poweron()
  expect(await sh(context, 'id -u; echo mine >/shared/file')).toBe('0\n')
  expect(statSync(join(source_path, identifier, 'file'))).toMatchObject({ uid: 231_072, gid: 231_072 })
  await expect(context.agent.exec(['sh', '-c', 'echo 1 >/sbin/init'])).resolves.toMatchObject({ exitCode: 1 })
})

const refusals: [string, () => Parameters<typeof tiny.resources>, string, RegExp][] = [
  [
    'no init',
    () => [{}, (xml) => xml.replace('/sbin/init', '/sbin/nothing')],
    'DOMAIN_XML_INVALID',
    /\/sbin\/nothing as the container's init.*name another in <os><init>/,
  ],
  [
    'no source path',
    () => [{ domain: { filesystem: { source_path: '/nowhere', target_path: '/a' } } }],
    'FILE_UNREADABLE',
    /source_path \/nowhere/,
  ],
  [
    'a source path that is a file',
    () => [{ domain: { filesystem: { source_path: join(tiny.root, 'sbin/init'), target_path: '/a' } } }],
    'FILE_UNREADABLE',
    /not a folder/,
  ],
  [
    'XML that libvirt refuses',
    () => [{}, (xml) => xml.replace('<type>exe', '<type>hvm')],
    'DOMAIN_XML_INVALID',
    /libvirt refuses .*domain-\d+\.xml: /,
  ],
  ['XML that is none', () => [{}, () => '<domain>'], 'DOMAIN_XML_INVALID', /malformed XML/],
  [
    'no interface for the network',
    () => [{}, (xml) => xml.replace(/<interface.*<\/interface>/, '')],
    'DOMAIN_XML_INVALID',
    /no <interface>/,
  ],
  [
    'a daemon that does not run',
    () => [{ hypervisor: 'lxc+unix:///?socket=/nowhere/libvirt-sock' }],
    'HYPERVISOR_UNREACHABLE',
    /\/nowhere\/libvirt-sock/,
  ],
]

test.each(refusals)('nothing is left after %s', async (_what, resources, code, message) => {
  const identifier = randomUUID()
  const factory = lxcFactory(tiny.resources(...resources()))
  await expect(Environment.allocate(factory, undefined, { identifier })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(await leftOfContainer(identifier)).toEqual([])
})

test('without nft, root gets the command to install it, before anything is made', async () => {
  const folder = join(tiny.folder, 'no-nft')
  mkdirSync(folder)
  const resources = { ...tiny.resources(), network: { mode: 'nat-no-lan' } }
  writeFileSync(join(folder, 'resources.json'), JSON.stringify(resources))
  const script = 'mount --bind /dev/null /usr/sbin/nft; exec node "$@"'
  const argv = ['--mount', 'sh', '-c', script, 'sh', see, 'run', 'resources.json', '--json']
  const failed = await promisify(execFile)('unshare', argv, { cwd: folder }).catch((error: unknown) => error)
  const { error, identifier } = JSON.parse(Object(failed).stdout)
  expect(error).toMatchObject({ code: 'TOOL_MISSING', message: expect.stringContaining('nftables') })
  expect(await leftOfContainer(identifier)).toEqual([])
})

test('it is paused before it is killed, and before its network goes', async () => {
  const { context, identifier } = await allocate({ network: { sharing: 'own' } })
  await context.poweron()
  const seen: string[] = []
  const note = (what: string, name: string, type: string) => {
    if (name === identifier) seen.push(`${what} ${type}`)
  }
  const registrations = await Promise.all([
    hypervisor.on('domainLifecycle', ({ domain, type }) => note('domain', domain.name, type)),
    hypervisor.on('networkLifecycle', ({ network, type }) => note('network', network.name, type)),
  ])
  onTestFinished(() => Promise.all(registrations.map((each) => each.off())).then(() => undefined))
  await context.poweroff()
  await expect.poll(() => seen).toEqual(['domain suspended', 'domain stopped'])
  await context.poweron()
  await expect.poll(() => seen).toContain('domain started')
  seen.splice(0)
  await context.cleanup()
  // libvirt may tell twice that it has stopped: of the order, and of the end that it found.
  await expect
    .poll(() => [...new Set(seen)].toSorted())
    .toEqual(['domain stopped', 'domain suspended', 'network stopped'])
  expect(seen[0]).toBe('domain suspended')
})

test('an abort at any moment leaves nothing', async () => {
  const filesystem = { source_path: tiny.folder, target_path: '/mine' }
  const factory = lxcFactory(tiny.resources({ domain: { filesystem } }))
  const outcomes = new Set<string>()
  for (let delayMs = 0; !outcomes.has('allocated'); delayMs = Math.ceil(delayMs * 1.6) + 7) {
    const identifier = randomUUID()
    const signal = AbortSignal.timeout(delayMs)
    try {
      const environment = await Environment.allocate(factory, undefined, { identifier, signal })
      outcomes.add('allocated')
      await environment.deallocate()
    } catch (error) {
      expect(error).toBe(signal.reason)
      outcomes.add('aborted')
    }
    expect(await leftOfContainer(identifier)).toEqual([])
    expect(readdirSync(tiny.folder)).not.toContain(identifier)
  }
  expect(outcomes).toContain('aborted')
}, 60_000)

test('an init that fails is an error that says where to look', { timeout: 60_000 }, async () => {
  writeFileSync(join(tiny.root, 'sbin/broken'), '#!/no/such/interpreter\n', { mode: 0o755 })
  onTestFinished(() => rmSync(join(tiny.root, 'sbin/broken')))
  const { context } = await allocate({}, (xml) => xml.replace('/sbin/init', '/sbin/broken'))
  const run = async () => {
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: 5000 })
    await context.waitForIp4Address()
  }
  await expect(run()).rejects.toMatchObject({
    code: 'GUEST_STOPPED',
    message: expect.stringContaining('/var/log/libvirt/lxc/'),
  })
})

test('whether an init was killed or exited is not known, and a warning says so', async () => {
  const { context } = await allocate()
  await context.poweron()
  process.kill(processOf('libvirt_lxc', context.identifier, true), 'SIGKILL')
  const detail = expect.stringContaining(`/var/log/libvirt/lxc/${context.identifier}.log`)
  await expect
    .poll(() => context.guestEnds, { timeout: CONTAINER_MS })
    .toMatchObject([{ reason: 'stopped', detail }])
  await context.settled()
  expect(context.warnings).toMatchObject([{ code: 'GUEST_END_UNKNOWN' }])
})

test.each([
  { domain: {} },
  { domain: { configuration: 'x', filesystem: { source_path: 'x' } } },
  { domain: { configuration: 'x', filesystem: [{ source_path: 'x', target_path: 'relative' }] } },
  { domain: { configuration: 'x' }, disk: { image: 'x' } },
])('the configuration %j is refused', (invalid) => {
  const file = join(tiny.folder, 'invalid.json')
  writeFileSync(file, JSON.stringify(invalid))
  expect(() => lxcFactory(file)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
})

test('see run finds the provider by the hypervisor, and does without a screen', async () => {
  const folder = join(tiny.folder, 'run')
  mkdirSync(folder)
  writeFileSync(join(folder, 'resources.json'), JSON.stringify(tiny.resources()))
  writeFileSync(join(folder, 'sample.sh'), '#!/bin/sh\necho "ran as $(id -u)"; exit 5\n')
  const argv = [see, 'run', 'resources.json', 'sample.sh', '--runtime', '0.5', '--json']
  const { stdout } = await promisify(execFile)('node', argv, { cwd: folder })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ ok: true, failures: [], commands: [{ exit_code: 5 }] })
  const { identifier, results_folder: results } = report
  expect(readFileSync(join(results, `${identifier}_command_1.stdout`), 'utf8')).toBe('ran as 0\n')
  expect(await leftOfContainer(identifier)).toEqual([])
})
