import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  embeddedFactory,
  type EmbeddedResources,
  Environment,
  injectSample,
  type SeeContext,
} from '@see/core'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { fakeQemu } from './support/fake-qemu.ts'
import { leftOf, processes } from './support/leftovers.ts'
import { SeeRun } from './support/see-run.ts'
import { sharedTemplate } from './support/shared-template.ts'

const GUEST_MS = 90_000
const folder = mkdtempSync(join(tmpdir(), 'see-embedded-'))
// Sandboxes have users of their own.
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => sharedTemplate('embedded'), 120_000)

type Guest = SeeContext<EmbeddedResources>

/** A guest that has booted already, where that is not what is tested. */
async function clone(overrides: Parameters<typeof embeddedGuest>[0] = {}) {
  return await embeddedEnvironment(embeddedGuest({ ...overrides, template: 'embedded' }))
}

async function ready({ context }: Environment<EmbeddedResources>): Promise<Guest> {
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  return context
}

async function sh(context: Guest, script: string): Promise<string> {
  const { stdout, stderr } = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: 30_000 })
  return `${stdout.toString()}${stderr.toString()}`
}

async function becomes(context: Guest, state: string): Promise<void> {
  await expect.poll(() => context.state(), { timeout: 30_000 }).toBe(state)
}

const hook = (name: string, configuration = {}) => ({ name: `@see/hooks#${name}`, configuration })

test('the whole lifecycle, with every hook that a guest can have', { timeout: 240_000 }, async () => {
  const results = join(folder, 'lifecycle')
  const environment = await embeddedEnvironment(embeddedGuest({ template: 'embedded' }), {
    configuration: { results_folder: results },
    hooks: [
      hook('TimelineHook'),
      hook('ScreenHook', { screenshot_on_event: 'post_pause' }),
      hook('CommandsHook'),
      hook('MemoryHook', { memory_snapshots_on_event: ['post_pause'] }),
      hook('DiskCheckPointHook', { checkpoint_on_event: ['post_pause'] }),
      hook('DiskStateAnalyser'),
      hook('NetworkTracerHook'),
      hook('NetworkAnalysisHook'),
      hook('ConsoleHook'),
    ],
  })
  const { identifier } = environment
  const context = await ready(environment)
  const address = await context.waitForIp4Address()
  expect(address).toBe(context.network?.firstGuest)
  const groups = readFileSync(`/proc/${context.domain.qemu.pid}/cgroup`, 'utf8')
  // A control group of its own, for which this host asks for root.
  if (process.getuid?.() === 0) expect(groups).toContain(`/see-${identifier}\n`)
  const gateway = context.network?.host ?? ''
  await sh(
    context,
    `echo new >/root/new; echo to the console >/dev/ttyS0; timeout 2 nc ${gateway} 4444; sync`,
  )
  const sample = join(folder, 'sample.sh')
  writeFileSync(sample, '#!/bin/sh\necho ran as $(id -un)\nexit 3\n')
  await context.trigger('run_sample', { sample, command: undefined, async_flag: false })
  await context.pause()
  expect(await context.state()).toBe('paused')
  await context.resume()
  await context.shutdown({}, { timeoutMs: 60_000 })
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  await environment.deallocate()

  const read = (name: string) => readFileSync(join(results, `${identifier}${name}`))
  expect(PNG.sync.read(read('_post_pause.png')).width).toBeGreaterThan(600)
  expect(read('_command_1.stdout').toString()).toBe('ran as root\n')
  expect(read('_post_pause.elf').subarray(0, 4).toString('latin1')).toBe('\x7fELF')
  expect(read('_post_pause.elf').length).toBeGreaterThan(192 * 1024 * 1024)
  expect(read('_post_pause.qcow2').subarray(0, 3).toString()).toBe('QFI')
  expect(read('_filesystem.json').toString()).toContain('/root/new')
  expect(read('_console.log').toString()).toContain('to the console')
  const network = readdirSync(results).filter((name) => name.includes('network') && name.endsWith('.json'))
  expect(readFileSync(join(results, network[0] ?? ''), 'utf8')).toContain('4444')
  expect(read('_timeline.jsonl').toString()).toContain('post_shutdown')
  expect(await leftOf(identifier)).toEqual([])
})

test('a guest that powered itself off has what it wrote once it is powered on again', {
  timeout: 240_000,
}, async () => {
  const context = await ready(await clone())
  await sh(context, 'echo kept >/root/kept; sync')
  await context.agent.exec(['/bin/sh', '-c', 'poweroff']).catch(() => undefined)
  await becomes(context, 'shutoff')
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  expect(await sh(context, 'cat /root/kept')).toBe('kept\n')
})

/** The agent would be waited for, ten seconds for each question. */
async function answerOf(context: Guest): Promise<{ address: string | undefined; isQuick: boolean }> {
  const startedMs = performance.now()
  const address = await context.ip4Address()
  return { address, isQuick: performance.now() - startedMs < 5000 }
}

test('a guest that boots or is paused is asked for its address without a wait', {
  timeout: 240_000,
}, async () => {
  const { context: booting } = await embeddedEnvironment(embeddedGuest({}, 'see.noagent'))
  await booting.poweron()
  expect(await answerOf(booting)).toEqual({ address: undefined, isQuick: true })
  const paused = await ready(await clone())
  await paused.pause()
  expect(await answerOf(paused)).toEqual({ address: undefined, isQuick: true })
  await paused.resume()
  expect(await paused.waitForIp4Address({ timeoutMs: GUEST_MS })).toMatch(/^10\./)
})

test('without an agent the power button is pressed, and the guest restarted', {
  timeout: 240_000,
}, async () => {
  const { context } = await embeddedEnvironment(embeddedGuest({}, 'see.noagent', 'console=ttyS0'))
  await context.poweron()
  let said = ''
  const console = await context.domain.openConsole()
  void (async () => {
    for await (const chunk of console) said += Buffer.from(chunk).toString('latin1')
  })()
  const boots = () => said.split(/see-guest/).length - 1
  await expect.poll(boots, { timeout: GUEST_MS }).toBeGreaterThan(0)
  const before = boots()
  await sleep(1000)
  await context.restart()
  await expect.poll(boots, { timeout: GUEST_MS }).toBeGreaterThan(before)
  await sleep(1000)
  await context.shutdown({}, { timeoutMs: 60_000 })
  expect(await context.state()).toBe('shutoff')
})

test('samples of a kilobyte and of ten megabytes come into the guest', { timeout: 180_000 }, async () => {
  const context = await ready(await clone())
  for (const bytes of [1000, 10_000_000]) {
    const path = join(folder, `sample-${bytes}`)
    const content = randomBytes(bytes)
    writeFileSync(path, content)
    const there = await injectSample(context, path)
    const digest = createHash('sha256').update(content).digest('hex')
    expect(await sh(context, `sha256sum ${there}`)).toContain(digest)
    expect(await sh(context, 'ls /dev/vdb 2>&1')).toContain('No such file')
  }
})

/** The port of a server, at 127.0.0.1 only. */
async function listening(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Answers whatever it receives. */
async function listener(): Promise<number> {
  let connections = 0
  return await listening((socket) => {
    const number = ++connections
    socket.on('end', () => socket.end())
    socket.on('data', (said) => {
      socket.write(`hello from the host to connection ${number}, which said ${String(said)}`)
    })
  })
}

/** A port of 127.0.0.1 without a listener. */
async function freePort(): Promise<number> {
  const free = createServer()
  await new Promise<void>((resolve) => void free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => void free.close(resolve))
  return port
}

/** What is said there, once something is; until then the guest's side stays open. */
const ask = (context: Guest, address: string, port: number, says = '') =>
  sh(
    context,
    `cd /tmp; rm -f saying said; mkfifo saying; exec 3<>saying; echo ${says} >&3; >said
    timeout 4 nc ${address} ${port} <&3 >>said 2>&1 &
    while [ ! -s said ] && kill -0 $!; do sleep 0.1; done 2>/dev/null
    kill $! 2>/dev/null; wait; cat said`,
  )

/** Empty while nothing listens yet. */
const greetingAt = (port: number) => text(connect(port, '127.0.0.1')).catch(() => '')

describe('the network', { timeout: 240_000 }, () => {
  test('is restricted to what is allowed', async () => {
    const port = await listener()
    const allow = [{ address: 100, port: 80, to: `127.0.0.1:${port}` }]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    const { host, address } = context.network ?? expect.fail('no network')
    expect(await ask(context, host, port)).not.toContain('hello')
    expect(await ask(context, address(100), 81)).not.toContain('hello')
    expect(await ask(context, address(100), 80, 'hi')).toContain('hello from the host')
    expect(await ask(context, address(100), 80, 'again')).toContain('hello from the host')
  })

  test('carries many connections at a time, and each end of them', async () => {
    const count = 20
    const sockets: Socket[] = []
    let hasSaid = ''
    // No client is answered before all are there and have sent everything.
    const port = await listening((socket) => {
      sockets.push(socket)
      socket.on('data', (said) => void (hasSaid += String(said)))
      socket.on('end', () => {
        if (hasSaid.trim().split('\n').length < count) return
        sockets.forEach((each, index) => each.end(`answer ${index + 1}\n`))
      })
    })
    const allow = [{ port: 80, to: `127.0.0.1:${port}` }]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    const address = context.network?.address(100)
    const script = `for n in $(seq ${count}); do echo $n | timeout 60 nc ${address} 80 >/tmp/said-$n & done
      wait; cat /tmp/said-*`
    const { stdout } = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: 90_000 })
    const numbers = Array.from({ length: count }, (_each, index) => `answer ${index + 1}`)
    expect(stdout.toString().trim().split('\n').toSorted()).toEqual(numbers.toSorted())
    await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed)).toEqual([])
  })

  test('carries what is large both ways at the same time', async () => {
    const port = await listening((socket) => void socket.pipe(socket))
    const allow = [{ port: 80, to: `127.0.0.1:${port}` }]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    const script = `cd /tmp; head -c 8000000 /dev/urandom >large; sha256sum <large
      nc ${context.network?.address(100)} 80 <large | sha256sum`
    const { stdout } = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: 120_000 })
    const [sent, received] = stdout.toString().trim().split('\n')
    expect(sent).toMatch(/^[0-9a-f]{64}/)
    expect(received).toBe(sent)
  })

  test('refuses immediately where nothing listens, and what is not allowed', async () => {
    const closed = await freePort()
    const allow = [{ port: 80, to: `127.0.0.1:${closed}` }]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    const address = context.network?.address(100)
    for (const at of [80, 81]) {
      expect(await sh(context, `timeout 20 nc ${address} ${at} </dev/null`)).toContain('refused')
    }
  })

  test('leads to what is allowed by name, and knows no other name', async () => {
    const [one, other] = [await listener(), await listener()]
    const allow = [
      { name: 'One.example', port: 80, to: `localhost:${one}` },
      { name: 'other.example', port: 80, to: `127.0.0.1:${other}` },
      { name: 'other.example', port: 81, to: `127.0.0.1:${one}` },
    ]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    expect(await ask(context, 'one.example', 80, 'a')).toContain('to connection 1, which said a')
    expect(await ask(context, 'other.example', 80, 'b')).toContain('to connection 1, which said b')
    expect(await ask(context, 'OTHER.example', 81, 'c')).toContain('to connection 2, which said c')
    expect(await ask(context, 'one.example', 81)).not.toContain('hello')
    expect(await sh(context, 'nslookup third.example')).toMatch(/NXDOMAIN/)
    expect(await sh(context, 'ip route')).not.toContain('default')
  })

  test('has what is allowed beside what is forwarded, and beside all that this host reaches', async () => {
    const to = `127.0.0.1:${await listener()}`
    const port = await freePort()
    const allow = [{ name: 'one.example', port: 80, to }]
    const forward = [{ host_port: port, guest_port: 7 }]
    const context = await ready(await clone({ network: { mode: 'user', allow, forward } }))
    expect(await context.waitForIp4Address()).toBe(context.network?.firstGuest)
    expect(await ask(context, 'one.example', 80, 'a')).toContain('to connection 1, which said a')
    const { host = '' } = context.network ?? {}
    expect(await ask(context, host, Number(to.split(':')[1]), 'b')).toContain('to connection 2')
    await sh(context, '(nc -ll -p 7 -e /bin/echo hello from the guest >/dev/null 2>&1 &)')
    await expect.poll(() => greetingAt(port)).toBe('hello from the guest\n')
  })

  test('ends the connections of a guest that is off', async () => {
    let outside: Socket | undefined
    const port = await listening((socket) => {
      outside = socket
      socket.resume()
    })
    const allow = [{ port: 80, to: `127.0.0.1:${port}` }]
    const context = await ready(await clone({ network: { allow } }))
    await context.waitForIp4Address()
    const address = context.network?.address(100)
    await sh(context, `(sleep 1000 | nc ${address} 80 >/dev/null 2>&1 &)`)
    await expect.poll(() => outside?.readyState, { timeout: 30_000 }).toBe('open')
    await context.poweroff()
    await expect.poll(() => outside?.destroyed, { timeout: 30_000 }).toBe(true)
  })

  test('reaches this host where that is allowed', async () => {
    const port = await listener()
    const context = await ready(await clone({ network: { mode: 'user' } }))
    await context.waitForIp4Address()
    expect(await ask(context, context.network?.host ?? '', port)).toContain('hello from the host')
  })

  test.each([
    ['a guest that boots', undefined],
    ['a clone', 'embedded'],
  ])('lets this host in to %s where that is configured', async (_what, template) => {
    const port = await freePort()
    const network = { forward: [{ host_port: port, guest_port: 7 }] }
    const context = await ready(await embeddedEnvironment(embeddedGuest({ network, template })))
    expect(await context.waitForIp4Address()).toBe(context.network?.firstGuest)
    await sh(context, '(nc -ll -p 7 -e /bin/echo hello from the guest >/dev/null 2>&1 &)')
    await expect.poll(() => greetingAt(port)).toBe('hello from the guest\n')
  })

  test('can be none', async () => {
    const context = await ready(await embeddedEnvironment(embeddedGuest({ network: { mode: 'none' } })))
    expect(context.macAddress()).toBeUndefined()
    expect(await sh(context, 'ls /sys/class/net')).toBe('lo\n')
  })
})

test('a guest that stops its agent is reported, and is released all the same', {
  timeout: 180_000,
}, async () => {
  const environment = await clone()
  const context = await ready(environment)
  await sh(context, '(sleep 1; killall -STOP qemu-ga) >/dev/null 2>&1 &')
  await sleep(2000)
  await expect(context.agent.ping({ timeoutMs: 1000 })).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
  expect(await context.state()).toBe('running')
  await environment.deallocate()
  expect(await leftOf(environment.identifier)).toEqual([])
})

test('a guest that kills its agent is reported', { timeout: 180_000 }, async () => {
  const environment = await clone()
  const context = await ready(environment)
  const script = '(sleep 0.5; killall start-agent; killall -9 qemu-ga) >/dev/null 2>&1 &'
  await sh(context, script)
  await sleep(1500)
  await expect(context.agent.ping({ timeoutMs: 1000 })).rejects.toMatchObject({
    code: 'AGENT_UNRESPONSIVE',
    message: expect.stringContaining('did not answer'),
  })
  await context.shutdown({}, { timeoutMs: 60_000 })
  await environment.deallocate()
  expect(await leftOf(environment.identifier)).toEqual([])
})

test('a QEMU that is killed in the middle of a command is reported', { timeout: 180_000 }, async () => {
  const environment = await clone()
  const context = await ready(environment)
  const running = context.agent.exec(['sleep', '60'])
  running.catch(() => undefined)
  await sleep(500)
  process.kill(context.domain.qemu.pid, 'SIGKILL')
  await expect(running).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  await becomes(context, 'shutoff')
  await expect(context.agent.ping()).rejects.toThrow('the guest is off: QEMU ended: SIGKILL')
  await context.poweron()
  expect(await context.state()).toBe('running')
})

test.each([
  ['CPU time', { cpu_seconds: 1 }, '', /1 seconds of CPU time/],
  [
    'disk',
    { disk_mib: 16 },
    'dd if=/dev/zero of=/root/big bs=1M count=100; sync',
    /exceeded limits\.disk_mib/,
  ],
])('a guest that uses too much %s is killed, with the reason', { timeout: 180_000 }, async (...given) => {
  const [, limits, script, message] = given
  // What a guest uses of the CPU it uses to boot.
  const template = script === '' ? undefined : 'embedded'
  const { context } = await embeddedEnvironment(embeddedGuest({ limits, template }))
  await context.poweron()
  if (script !== '') {
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    await sh(context, script).catch(() => undefined)
  }
  await becomes(context, 'shutoff')
  await expect(context.agent.ping()).rejects.toThrow(message)
  expect(context.guestEnds).toMatchObject([{ reason: 'killed', detail: expect.stringMatching(message) }])
  const [limit] = Object.keys(limits)
  expect(context.limitsReached).toMatchObject([
    { limit, action: 'killed', detail: expect.stringMatching(message) },
  ])
})

test('a parent that is killed outright takes its guest along', { timeout: 60_000 }, async () => {
  const identifier = randomUUID()
  const instances = join(folder, 'killed')
  const configuration = embeddedGuest({ disk: { clone: { storage_pool_path: instances } } })
  const code = `
    import { embeddedFactory, Environment } from '@see/core'
    const factory = embeddedFactory(${JSON.stringify(configuration)})
    const environment = await Environment.allocate(factory, undefined, { identifier: '${identifier}' })
    await environment.context.poweron()
    console.log('on')
    setInterval(() => undefined, 1000)`
  const cwd = new URL('..', import.meta.url).pathname
  const argv = ['--input-type=module', '-e', code]
  const parent = spawn(process.execPath, argv, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const isQemu = ({ commandLine }: { commandLine: string }) =>
    commandLine.includes('qemu-system') && commandLine.includes(identifier)
  // Its jail comes before it.
  await expect.poll(() => processes(isQemu).length, { timeout: 30_000 }).toBeGreaterThan(0)
  parent.kill('SIGKILL')
  await expect.poll(() => processes(isQemu).length, { timeout: 10_000 }).toBe(0)
  const again = { identifier }
  const environment = await embeddedEnvironment(configuration, undefined, again)
  await environment.deallocate()
  expect(readdirSync(instances)).toEqual([])
})

test('what a see run that was killed outright has left goes a moment later, and nothing else does', {
  timeout: 90_000,
}, async () => {
  const instances = join(folder, 'reaped')
  const [alive, killed] = [await SeeRun.start(instances), await SeeRun.start(instances)]
  const [mine, other] = [randomUUID(), randomUUID()]
  const files = ['notes', join(other, 'notes')].map((name) => join(instances, name))
  for (const each of [mine, other]) mkdirSync(join(instances, each))
  for (const file of files) writeFileSync(file, 'of the user')
  await killed.kill()
  // The keeper loads Node first, which takes seconds where other guests are emulated.
  await expect.poll(() => existsSync(killed.folder), { timeout: 30_000 }).toBe(false)
  await expect.poll(() => leftOf(basename(killed.folder)), { timeout: 30_000 }).toEqual([])
  expect(readdirSync(instances).toSorted()).toEqual([mine, other, basename(alive.folder), 'notes'].toSorted())
  for (const file of files) expect(readFileSync(file, 'utf8')).toBe('of the user')
})

test('a link that a sandbox puts in the place of a pipe leads nowhere', async () => {
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'of another user')
  const bin = mkdtempSync(join(folder, 'bin-'))
  writeFileSync(join(bin, 'mkfifo'), `#!/bin/sh\nln -s ${victim} "$3"\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { context } = await embeddedEnvironment()
  await context.resources.abilities.capture.start({ snapLength: 65_535 })
  await expect(context.poweron()).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining('a pipe for QEMU could not be made'),
  })
  expect(await context.state()).toBe('shutoff')
  expect(statSync(victim).uid).toBe(process.geteuid?.())
})

test.each(['qmp_capabilities', 'cont'])(
  'a QEMU that hangs up at %s is reported, and not left',
  async (hangsUpAt) => {
    fakeQemu({ hangsUpAt })
    const environment = await embeddedEnvironment()
    await expect(environment.context.poweron()).rejects.toMatchObject({
      code: 'HYPERVISOR_FAILED',
      message: `${hangsUpAt} got no answer: QEMU closed the connection to its monitor`,
    })
    expect(await environment.context.state()).toBe('shutoff')
    await environment.deallocate()
    expect(await leftOf(environment.identifier)).toEqual([])
  },
)

test('a QEMU that hangs up and goes on is killed', async () => {
  fakeQemu({ hangsUpAt: 'stop' })
  const { context } = await embeddedEnvironment()
  await context.poweron()
  await expect(context.pause()).rejects.toMatchObject({ code: 'HYPERVISOR_FAILED' })
  expect(await context.state()).toBe('shutoff')
  await expect(context.agent.ping()).rejects.toMatchObject({
    code: 'GUEST_STOPPED',
    message: expect.stringContaining('since it went on without its monitor'),
  })
})

test('a guest that is off has no console, and says so immediately', async () => {
  const { context } = await embeddedEnvironment()
  await expect(context.domain.openConsole()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
})

const refusals: [string, () => object, string, RegExp][] = [
  ['no kernel', () => embeddedGuest({ machine: { kernel: '/nowhere' } }), 'FILE_UNREADABLE', /\/nowhere/],
  ['no image', () => embeddedGuest({ disk: { image: '/nowhere' } }), 'IMAGE_INVALID', /\/nowhere/],
  [
    'allowances without a network',
    () => embeddedGuest({ network: { mode: 'none', forward: [{ host_port: 1, guest_port: 1 }] } }),
    'NETWORK_INVALID',
    /"none"/,
  ],
  [
    'a folder that is too deep',
    () => embeddedGuest({ disk: { clone: { storage_pool_path: `/tmp/${'x'.repeat(90)}` } } }),
    'STORAGE_FAILED',
    /too long/,
  ],
  [
    'a folder that is a file',
    () => embeddedGuest({ disk: { clone: { storage_pool_path: '/etc/passwd' } } }),
    'STORAGE_FAILED',
    /\/etc\/passwd/,
  ],
]

describe('nothing is left', () => {
  test.each(refusals)('where there is %s', async (_what, configuration, code, message) => {
    const identifier = randomUUID()
    const factory = embeddedFactory(configuration())
    await expect(Environment.allocate(factory, undefined, { identifier })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect(await leftOf(identifier)).toEqual([])
  })

  test('where QEMU is missing, and its package is named', async () => {
    const instances = join(folder, 'never')
    const configuration = embeddedGuest({ disk: { clone: { storage_pool_path: instances } } })
    vi.stubEnv('PATH', '/nowhere')
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(Environment.allocate(embeddedFactory(configuration))).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('apt-get install qemu-system-x86'),
    })
    expect(existsSync(instances)).toBe(false)
  })

  test.each(['qemu-img', 'setpriv', 'sh', 'prlimit', 'mkfifo'])(
    'where %s is missing, and its package is named',
    async (missing) => {
      const bin = mkdtempSync(join(folder, 'bin-'))
      for (const name of ['qemu-system-x86_64', 'qemu-img', 'setpriv', 'sh', 'prlimit', 'mkfifo']) {
        if (name !== missing) symlinkSync(join('/usr/bin', name), join(bin, name))
      }
      const instances = join(folder, 'never')
      const configuration = embeddedGuest({ disk: { clone: { storage_pool_path: instances } } })
      vi.stubEnv('PATH', bin)
      onTestFinished(() => void vi.unstubAllEnvs())
      await expect(Environment.allocate(embeddedFactory(configuration))).rejects.toMatchObject({
        code: 'TOOL_MISSING',
        message: expect.stringMatching(new RegExp(`${missing} is not installed.*apt-get install \\w+`)),
      })
      expect(existsSync(instances)).toBe(false)
    },
  )

  test('of a guest that QEMU refuses', async () => {
    const environment = await embeddedEnvironment(embeddedGuest({ machine: { cpu: 'no-such-cpu' } }))
    await expect(environment.context.poweron()).rejects.toMatchObject({
      code: 'HYPERVISOR_FAILED',
      message: expect.stringContaining('no-such-cpu'),
    })
    expect(await environment.context.state()).toBe('shutoff')
    await environment.deallocate()
    expect(await leftOf(environment.identifier)).toEqual([])
  })

  test('of a guest that is still being powered on', { timeout: 60_000 }, async () => {
    for (const delayMs of [0, 30, 100]) {
      const environment = await embeddedEnvironment()
      const { identifier, context } = environment
      // Not by the context, which would wait for it: as when it waits no longer.
      const starting = context.domain.create()
      starting.catch(() => undefined)
      await sleep(delayMs)
      await environment.deallocate()
      expect(await leftOf(identifier)).toEqual([])
      await starting.catch(() => undefined)
      expect(await leftOf(identifier)).toEqual([])
      await expect(context.domain.create()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    }
  })

  test('of a capture whose packets are not read', { timeout: 120_000 }, async () => {
    const environment = await clone()
    const { identifier, context } = environment
    await context.resources.abilities.capture.start({ snapLength: 65_535 })
    await ready(environment)
    await context.waitForIp4Address()
    const flood = `(ping -c 300 -i 0.01 -s 1400 ${context.network?.host}) >/dev/null 2>&1 &`
    await sh(context, flood)
    await sleep(2000)
    await environment.deallocate()
    expect(await leftOf(identifier)).toEqual([])
  })

  test('of an allocation that is aborted at any moment', async () => {
    for (const delayMs of [0, 1, 3, 10, 30, 60]) {
      const identifier = randomUUID()
      const options = { identifier, signal: AbortSignal.timeout(delayMs) }
      await Environment.allocate(embeddedFactory(embeddedGuest()), undefined, options).then(
        (environment) => environment.deallocate(),
        (error: unknown) => expect(error).toMatchObject({ name: 'TimeoutError' }),
      )
      expect(await leftOf(identifier)).toEqual([])
    }
  })
})

test.each([
  { domain: {} },
  { machine: { initrd: 'a' } },
  { machine: { machine: 'microvm' } },
  { machine: { memory: 1 } },
  { network: { mode: 'nat' } },
  { network: { allow: [{ port: 80, to: 'nowhere' }] } },
  { network: { allow: [{ port: 80, to: 'a:99999' }] } },
  { limits: { cpu_seconds: 0 } },
])('the configuration %j is refused before anything is looked at', (invalid) => {
  const given: object = { hypervisor: 'embedded:///', ...invalid }
  expect(() => embeddedFactory(given)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
})
