import { createReadStream, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { type Faults, simulatedFactory, type SimulatedGuest } from '@see/core/testing'
import { expect, test } from 'vitest'
import { CommandsHook } from './commands/commands-hook.ts'
import { ConsoleHook } from './console/console-hook.ts'
import { DiskCheckPointHook } from './disk/disk-checkpoint-hook.ts'
import { MemoryHook } from './memory/memory-hook.ts'
import { NetworkTracerHook } from './network/network-tracer-hook.ts'
import { ScreenHook } from './screen/screen-hook.ts'
import { pcapOf, udpFrame } from './testing/pcap.ts'
import { evidenceIn, manifestFaults, readManifest } from './testing/manifest.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

function qcow2Header(): Buffer {
  const header = Buffer.alloc(65_536)
  header.write('QFI\xfb\0\0\0\x03', 'latin1')
  header.writeUInt32BE(16, 20)
  header.writeUInt32BE(104, 100)
  return header
}

/** A whole case, with every hook that needs something of the guest. */
async function runCase(folder: string, guest: SimulatedGuest = {}, faults: Faults = {}) {
  await using environment = await Environment.allocate(simulatedFactory({ guest, faults }), {
    configuration: { results_folder: folder },
    hooks: [
      { hook: CommandsHook },
      { hook: ConsoleHook },
      { hook: NetworkTracerHook },
      { hook: ScreenHook, configuration: { screenshot_on_event: 'post_pause' } },
      {
        hook: MemoryHook,
        configuration: { memory_snapshots_on_event: 'post_pause', compress_snapshots: false },
      },
      { hook: DiskCheckPointHook, configuration: { checkpoint_on_event: 'post_pause' } },
    ],
  })
  const { context, identifier } = environment
  const names: string[] = []
  context.observe({ eventHandled: ({ event }) => void names.push(event.name) })
  await context.poweron()
  await context.trigger('run_command', { command: 'uname' })
  context.domain.consoles[0]?.write('and goes on')
  context.resources.sinkhole?.ask({ kind: 'ping', address: '10.0.0.1' })
  await context.pause()
  await context.poweroff()
  await context.settled()
  const files = (await evidenceIn(folder)).toSorted().map((file) => file.replace(`${identifier}_`, ''))
  const read = async (suffix: string) => await readFile(join(folder, `${identifier}${suffix}`))
  await environment.deallocate()
  return { context, files, names, read }
}

test('a simulated sandbox has whatever hooks need, as it is asked for', async () => {
  await using temporary = await temporaryFolder()
  const disk = join(temporary.path, 'disk')
  writeFileSync(disk, qcow2Header())
  const packets = pcapOf([udpFrame({ sourcePort: 1, port: 53 }, Buffer.from('who is it'))])
  const { context, read } = await runCase(join(temporary.path, 'results'), {
    run: (argv) => ({ stdout: `ran ${argv.at(-1)}`, stderr: 'err', exitCode: 3 }),
    console: 'the guest boots ',
    screen: Buffer.from('P6 my screen'),
    memory: 'secret',
    disk: { image: { path: '/nowhere', format: 'raw' }, read: async () => createReadStream(disk) },
    packets,
    requests: [{ kind: 'dns', server: '10.0.0.1', name: 'see.example', type: 1, address: null }],
  })
  expect(context.failures).toEqual([])
  // It has no headers of an ELF file behind its first four bytes.
  expect(context.warnings).toMatchObject([{ code: 'MEMORY_SHORT' }])
  expect(context.agent).toMatchObject({ executed: [['/bin/sh', '-c', 'uname']] })
  expect(JSON.parse(String(await read('_command_1.json')))).toMatchObject({
    exit_code: 3,
    status: 'finished',
  })
  expect(String(await read('_command_1.stdout'))).toBe('ran uname')
  expect(String(await read('_console.log'))).toBe('the guest boots and goes on')
  expect(String(await read('_post_pause.ppm'))).toBe('P6 my screen')
  expect(String(await read('_post_pause.elf'))).toContain('secret')
  expect(await read('_post_pause.qcow2')).toEqual(await readFile(disk))
  expect((await read('.pcap')).includes('who is it')).toBe(true)
  const requests = String(await read('_sinkhole.jsonl'))
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(requests).toMatchObject([{ kind: 'dns', name: 'see.example' }, { kind: 'ping' }])
})

test('the manifest names every file of a case, with its hash, its event and who wrote it', async () => {
  await using temporary = await temporaryFolder()
  const disk = join(temporary.path, 'disk')
  writeFileSync(disk, qcow2Header())
  const results = join(temporary.path, 'results')
  await runCase(results, {
    run: () => ({ stdout: 'printed' }),
    console: 'the guest boots',
    memory: 'secret',
    disk: { image: { path: '/nowhere', format: 'raw' }, read: async () => createReadStream(disk) },
    packets: pcapOf([udpFrame({ sourcePort: 1, port: 53 }, Buffer.from('who is it'))]),
    requests: [{ kind: 'ping', address: '10.0.0.1' }],
  })
  expect(await manifestFaults(results)).toEqual([])
  const { identifier, files } = await readManifest(results)
  const told = files.map(({ path, kind, event, state }) =>
    [path.replace(identifier, ''), kind, event?.name, state].join(' '),
  )
  expect(told.toSorted()).toEqual([
    '.pcap network_trace pre_poweron complete',
    '_command_1.json command_record run_command complete',
    '_command_1.stderr command_stderr run_command complete',
    '_command_1.stdout command_stdout run_command complete',
    '_console.log console post_poweron complete',
    '_post_pause.elf memory_dump post_pause incomplete',
    '_post_pause.ppm screenshot post_pause complete',
    '_post_pause.qcow2 disk_checkpoint post_pause complete',
    '_sinkhole.jsonl sinkhole_requests pre_poweron complete',
  ])
  expect(new Set(files.map(({ writer }) => writer))).toEqual(
    new Set([
      'CommandsHook',
      'ConsoleHook',
      'DiskCheckPointHook',
      'MemoryHook',
      'NetworkTracerHook',
      'ScreenHook',
    ]),
  )
})

test('a case fires the same events in the same order, and evidence_written beside them', async () => {
  await using temporary = await temporaryFolder()
  const { names } = await runCase(temporary.path, { memory: 'secret' })
  expect(names.filter((name) => name !== 'evidence_written')).toEqual([
    'network_tracing_started',
    'pre_poweron',
    'post_poweron',
    'command_finished',
    'run_command',
    'pre_pause',
    'evidence_incomplete',
    'memory_snapshot_taken',
    'disk_checkpoint_taken',
    'post_pause',
    'pre_poweroff',
    'network_tracing_stopped',
    'post_poweroff',
  ])
  // Three for a command; then the trace with its record, the screen, and the memory.
  expect(names.filter((name) => name === 'evidence_written').length).toBeGreaterThanOrEqual(6)
})

test('each ability has a fault, which the hook that needs it reports', async () => {
  await using temporary = await temporaryFolder()
  const methods = ['exec', 'openConsole', 'capture', 'screenshot', 'coreDump', 'read']
  const { context, files } = await runCase(temporary.path, {}, { failing: methods })
  const failures = context.failures.map(({ handler, error }) => `${handler}: ${String(error)}`)
  expect(failures.toSorted()).toEqual([
    expect.stringMatching(/^CommandsHook.run: .*simulated failure of exec/),
    expect.stringMatching(/^ConsoleHook.logConsole: .*simulated failure of openConsole/),
    expect.stringMatching(/^DiskCheckPointHook.takeCheckpoint: .*simulated failure of read/),
    expect.stringMatching(/^MemoryHook.takeSnapshot: .*simulated failure of coreDump/),
    expect.stringMatching(/^NetworkTracerHook.startTrace: .*simulated failure of capture/),
    expect.stringMatching(/^NetworkTracerHook.stopTrace: .*none is running/),
    expect.stringMatching(/^ScreenHook.captureScreenshot: .*simulated failure of screenshot/),
  ])
  expect(files.filter((file) => !file.startsWith('command_1.'))).toEqual([])
})

test.each([
  [{ without: ['console'] }, 'CONSOLE_MISSING'],
  [{ without: ['screen'] }, 'SCREEN_MISSING'],
  [{ lateCapture: true }, 'TRACE_STARTED_LATE'],
  [{ packetLoss: 'the disk was full' }, 'TRACE_CAPTURE_ENDED'],
] satisfies [Faults, string][])('of the fault %j is warned', async (faults, code) => {
  await using temporary = await temporaryFolder()
  const { context } = await runCase(temporary.path, {}, faults)
  expect(context.warnings.map((warning) => warning.code)).toContain(code)
})

test('programs that do not end are cut', async () => {
  await using temporary = await temporaryFolder()
  const factory = simulatedFactory({
    faults: { endlessPrograms: true },
    guest: { run: () => ({ stdout: 'x' }) },
  })
  await using environment = await Environment.allocate(factory, {
    hooks: [{ hook: CommandsHook, configuration: { results_folder: temporary.path, timeout: 0.1 } }],
  })
  const { context } = environment
  await context.poweron()
  await context.trigger('run_command', { command: 'sleep 60' })
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_EXEC_TIMEOUT' } }])
})
