import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { type CapturePoint, Environment, type GuestInterfaces } from '@see/core'
import { type Faults, simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { fakeProgram, withoutPrograms } from '../testing/fake-program.ts'
import { type NetworkDevice, networkDevice } from '../testing/network-device.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const before = Buffer.from('sent before the trace')
const during = Buffer.from('sent during the trace')
const after = Buffer.from('sent after the trace')

interface Fake extends Partial<CapturePoint> {
  readonly device: string
}

/** A guest whose interfaces have these devices; none when undefined. */
async function allocate(
  folder: string,
  found: Fake | Omit<GuestInterfaces, 'points'> | undefined,
  configuration: Record<string, unknown> = {},
) {
  const interfaces: GuestInterfaces =
    found !== undefined && 'device' in found
      ? { points: [{ isLate: false, packetsSent: () => 0, ...found }], untraceable: [] }
      : { points: [], untraceable: [], ...found }
  const faults: Faults = found === undefined ? { without: ['network'] } : {}
  const factory = simulatedFactory({ guest: { interfaces }, faults })
  const environment = await Environment.allocate(factory, {
    hooks: [
      { name: '@see/hooks#NetworkTracerHook', configuration: { results_folder: folder, ...configuration } },
    ],
  })
  const { context, identifier } = environment
  const events: unknown[] = []
  context.subscribe('network_tracing_started', (event) => void events.push(event))
  context.subscribe('network_tracing_stopped', (event) => void events.push(event))
  return { environment, context, identifier, events, path: join(folder, `${identifier}.pcap`) }
}

/** What tcpdump itself reads in a file. */
const packetsIn = (path: string) =>
  execFileSync('tcpdump', ['-n', '-r', path, 'udp'], { encoding: 'utf8', stdio: 'pipe' }).split('\n').length -
  1

test('has in its trace what is sent from its start to its stop, to the last packet', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context, events, path } = await allocate(temporary.path, { device: device.name })
  await using _ = environment
  await device.send(before)
  await context.poweron()
  await device.send(during, during, during)
  await context.poweroff()
  await device.send(after)
  expect(context.failures).toEqual([])
  const trace = await readFile(path)
  expect(trace.includes(during)).toBe(true)
  expect(trace.includes(before) || trace.includes(after)).toBe(false)
  expect(packetsIn(path)).toBe(3)
  expect(events).toMatchObject([
    { name: 'network_tracing_started', origin: '@see/hooks#NetworkTracerHook', path },
    { name: 'network_tracing_stopped', path, bytes: trace.length },
  ])
})

test('begins a new trace when it is started again', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context, identifier } = await allocate(temporary.path, { device: device.name })
  await using _ = environment
  for (let run = 0; run < 2; run++) {
    await context.poweron()
    await device.send(during)
    await context.shutdown()
  }
  expect(await evidenceIn(temporary.path)).toEqual([`${identifier}.pcap`, `${identifier}_2.pcap`])
})

test('is stopped, complete, by the end of its environment', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context, path } = await allocate(temporary.path, { device: device.name })
  await context.poweron()
  await device.send(during)
  await environment.deallocate()
  expect(packetsIn(path)).toBe(1)
})

test('deletes the trace at the end if it is to, and not before', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const configuration = { delete_trace_file: true }
  const { environment, context, identifier } = await allocate(
    temporary.path,
    { device: device.name },
    configuration,
  )
  await context.poweron()
  await context.poweroff()
  expect(await evidenceIn(temporary.path)).toEqual([`${identifier}.pcap`])
  await environment.deallocate()
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('on a network shared with others, has all that leaves the guest’s device, and nothing for others', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const shared = {
    macAddress: '02:00:00:00:00:07',
    address: '198.51.100.7',
    hostMacAddress: device.macAddress,
  }
  const { environment, context, path } = await allocate(temporary.path, { device: device.name, shared })
  await using _ = environment
  await context.poweron()
  await device.send(Buffer.from('the host to another guest'))
  device.sendIn(Buffer.from('the guest under a foreign address'))
  await context.poweroff()
  const trace = await readFile(path)
  expect(trace.includes('the guest under a foreign address')).toBe(true)
  expect(trace.includes('the host to another guest')).toBe(false)
})

test('keeps no more of a packet than configured', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const configuration = { snap_length: 64 }
  const { environment, context, path } = await allocate(
    temporary.path,
    { device: device.name },
    configuration,
  )
  await using _ = environment
  await context.poweron()
  await device.send(Buffer.alloc(1000, 'x'))
  await context.poweroff()
  expect(await readFile(path, 'latin1')).toMatch(/[^x]x{22}([^x]|$)/)
  expect(context.warnings).toMatchObject([
    { code: 'TRACE_PACKETS_CUT', what: expect.stringMatching(/^the ends of [1-9]\d* of [1-9]/) },
  ])
})

test('reaches its limit: the trace ends with a whole packet, and a failure says so', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const configuration = { trace_limit: 5 }
  const { environment, context, path, events } = await allocate(
    temporary.path,
    { device: device.name },
    configuration,
  )
  await using _ = environment
  await context.poweron()
  await device.send(...Array.from({ length: 20 }, () => Buffer.alloc(1000)))
  await context.poweroff()
  expect(context.failures).toMatchObject([
    { event: 'post_poweroff', error: { code: 'GUEST_OUTPUT_LIMIT', message: expect.stringContaining(path) } },
  ])
  expect((await readFile(path)).length).toBeLessThanOrEqual(5000)
  expect(packetsIn(path)).toBe(4)
  const beyond = { code: 'TRACE_LIMIT_REACHED', what: expect.stringMatching(/^16 packets after the first/) }
  expect(context.warnings).toMatchObject([beyond])
  expect(events[1]).toMatchObject({ name: 'network_tracing_stopped', warnings: [beyond] })
})

/** The process that captures on a device. */
async function captureOf(device: NetworkDevice): Promise<number> {
  for (const pid of await readdir('/proc')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^[^\0]*tcpdump\0/.test(command) && command.includes(`\0${device.name}\0`)) return Number(pid)
  }
  return Number.NaN
}

test('is killed: what came by then is kept, and a failure says so', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context, path } = await allocate(temporary.path, { device: device.name })
  await using _ = environment
  await context.poweron()
  await device.send(during)
  await expect.poll(async () => (await readFile(path)).includes(during)).toBe(true)
  process.kill(await captureOf(device), 'SIGKILL')
  await expect.poll(() => captureOf(device)).toBe(Number.NaN)
  await context.poweroff()
  expect(context.failures).toMatchObject([
    { event: 'post_poweroff', error: { code: 'TOOL_FAILED', message: expect.stringContaining('SIGKILL') } },
  ])
  expect(packetsIn(path)).toBe(1)
  expect(context.warnings).toMatchObject([
    {
      code: 'TRACE_CAPTURE_ENDED',
      what: expect.stringContaining(device.name),
      why: expect.stringContaining('SIGKILL'),
    },
  ])
})

test('a trace that begins when the guest has sent packets, and one without an interface’s, say so', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const late = await allocate(temporary.path, { device: device.name, packetsSent: () => 7 })
  await using _ = late.environment
  await late.context.poweron()
  await late.context.poweroff()
  expect(late.context.warnings).toMatchObject([
    { code: 'TRACE_STARTED_LATE', what: expect.stringContaining('up to 7 packets') },
  ])
  const untraceable = [{ what: 'interface 2 (user)', why: 'it has no device' }]
  const without = await allocate(temporary.path, { untraceable })
  await using other = without.environment
  await without.context.poweron()
  expect(other.identifier).toBe(without.identifier)
  await without.context.poweroff()
  expect(without.context.warnings).toMatchObject([
    {
      code: 'INTERFACE_NOT_TRACED',
      what: expect.stringContaining('interface 2 (user)'),
      why: 'it has no device',
    },
  ])
})

test('packets that the kernel had no room for are counted', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context, path } = await allocate(temporary.path, { device: device.name })
  await using _ = environment
  await context.poweron()
  const pid = await captureOf(device)
  process.kill(pid, 'SIGSTOP')
  const sent = 20_000
  await device.send(...Array.from({ length: sent }, () => Buffer.alloc(1400)))
  process.kill(pid, 'SIGCONT')
  await context.poweroff()
  const lost = Number(/^(\d+) packets/.exec(context.warnings[0]?.what ?? '')?.[1])
  expect(context.warnings).toMatchObject([{ code: 'TRACE_PACKETS_LOST', what: `${lost} packets of ${path}` }])
  expect(lost).toBeGreaterThan(0)
  // One that arrives while the capture ends may be in neither.
  expect(packetsIn(path)).toBeGreaterThan(sent - lost - 10)
})

test('a device that goes with its guest ends the trace well', async () => {
  await using temporary = await temporaryFolder()
  const device = networkDevice()
  const { environment, context, path } = await allocate(temporary.path, { device: device.name })
  await using _ = environment
  await context.poweron()
  await device.send(during)
  await expect.poll(async () => (await readFile(path)).includes(during)).toBe(true)
  device[Symbol.dispose]()
  await context.poweroff()
  expect(context.failures).toEqual([])
  expect(packetsIn(path)).toBe(1)
})

test.each([
  [
    'stopped before it was started',
    { start_trace_on_event: 'post_pause' },
    'post_poweroff',
    /none is running/,
  ],
  [
    'started twice',
    { start_trace_on_event: ['pre_poweron', 'post_poweron'] },
    'post_poweron',
    /still being written/,
  ],
])('is %s: a failure says so', async (_how, configuration, event, message) => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  const { environment, context } = await allocate(temporary.path, { device: device.name }, configuration)
  await using _ = environment
  await context.poweron()
  await context.poweroff()
  expect(context.failures).toMatchObject([
    { event, error: { code: 'HOOK_ORDER', message: expect.stringMatching(message) } },
  ])
})

test('a guest without an interface is a failure, and leaves no empty trace', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, undefined)
  await using _ = environment
  await context.poweron()
  expect(context.failures[0]).toMatchObject({ event: 'pre_poweron', error: { code: 'HOOK_ORDER' } })
  expect(String(context.failures[0]?.error)).toContain('no network interface')
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('a device that is not there is a failure, and leaves no empty trace', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, { device: 'seenodevice' })
  await using _ = environment
  await context.poweron()
  expect(context.failures[0]).toMatchObject({
    event: 'pre_poweron',
    error: { code: 'TOOL_FAILED', message: expect.stringMatching(/seenodevice.*No such device/s) },
  })
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('fails at set-up when the provider has no network', async () => {
  await using temporary = await temporaryFolder()
  const hooks = [{ name: '@see/hooks#NetworkTracerHook', configuration: { results_folder: temporary.path } }]
  const factory = simulatedFactory({ lacking: ['capture'] })
  await expect(Environment.allocate(factory, { hooks })).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code: 'ABILITY_MISSING' },
  })
})

test('fails at set-up, with what to do, when this user may not capture', async () => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  await using _ = await fakeProgram(
    'tcpdump',
    'exec setpriv --reuid=65534 --clear-groups /usr/bin/tcpdump "$@"',
  )
  await expect(allocate(temporary.path, { device: device.name })).rejects.toMatchObject({
    cause: { code: 'TOOL_FAILED', message: expect.stringMatching(/permission.*setcap cap_net_raw/s) },
  })
})

test('fails at set-up when tcpdump is missing, with the package to install', async () => {
  await using temporary = await temporaryFolder()
  await using _ = await withoutPrograms()
  await expect(allocate(temporary.path, { device: 'lo' })).rejects.toMatchObject({
    cause: {
      code: 'TOOL_MISSING',
      message: expect.stringContaining('apt-get install tcpdump'),
    },
  })
})

test.each([
  ['echo no luck >&2; exit 9', /no luck/],
  ['echo this is not a capture at all', /no capture/],
])('a tool that does not capture is a failure: %s', async (script, message) => {
  await using temporary = await temporaryFolder()
  using device = networkDevice()
  await using _ = await fakeProgram('tcpdump', `case $* in *-L) exit 0 ;; esac\n${script}`)
  const allocated = await allocate(temporary.path, { device: device.name })
  await using environment = allocated.environment
  const { context } = environment
  await context.poweron()
  expect(context.failures).toMatchObject([
    { event: 'pre_poweron', error: { code: 'TOOL_FAILED', message: expect.stringMatching(message) } },
  ])
})
