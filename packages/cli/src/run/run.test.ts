import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContextFactory, GuestEnd, SeeContext } from '@see/core'
import { type SimulatedDomain, simulatedFactory, SimulatedResources } from '@see/core/testing'
import { EvidenceWriter } from '@see/hooks'
import { afterEach, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import type { Protocol, RunReport } from '@see/runner'
import { run } from './run.ts'
import type { RunOptions } from './run-options.ts'

type Simulation = Parameters<typeof simulatedFactory>[0]

interface Options extends Partial<RunOptions> {
  readonly simulation?: Simulation
}

/** A sandbox whose guest agent does nothing that it is asked. */
const UNWILLING: Simulation = {
  agentChannel: { agentCommand: () => Promise.reject(new Error('the agent is unwilling')) },
}

const protocols = new Map<string, Protocol>()
Object.assign(globalThis, { seeTestProtocols: protocols })

afterEach(() => {
  vi.restoreAllMocks()
  expect(process.listenerCount('SIGINT')).toBe(0)
})

/** Runs in a folder, and gives back what the user would see. */
async function runIn(folder: string, { simulation, ...options }: Options = {}) {
  let [out, error] = ['', '']
  const deallocate = vi.spyOn(SimulatedResources.prototype, 'deallocate')
  const exitCode = await run(
    {
      resources: simulatedFactory(simulation),
      provider: 'embedded',
      runtimeMs: 0,
      timeoutMs: 200,
      shutdownTimeoutMs: 200,
      results: join(folder, 'results'),
      resultsMode: 0o600,
      json: true,
      ...options,
    },
    {
      terminal: {
        out: { write: (text) => void (out += text) },
        error: { write: (text) => void (error += text) },
      },
      tinyGuest: async () => '/guest',
    },
  )
  const report = options.json === false ? undefined : (JSON.parse(out) as RunReport)
  return { exitCode, out, error, report, deallocations: deallocate.mock.calls.length }
}

/** A factory of simulated contexts that are prepared in some way. */
function factoryThat(
  prepare: (made: { context: SeeContext; domain: SimulatedDomain }) => void,
  simulation?: Simulation,
): ContextFactory {
  return async (identifier, options) => {
    const context = await simulatedFactory(simulation)(identifier, options)
    prepare({ context, domain: context.domain })
    return context
  }
}

/** The name by which `--protocol` finds a function of this test. */
async function protocolNamed(folder: string, protocol: Protocol): Promise<string> {
  const name = `p${randomUUID()}`
  protocols.set(name, protocol)
  const path = join(folder, `${name}.ts`)
  await writeFile(
    path,
    `type Name = string
const name: Name = '${name}'
export const run = (...all: unknown[]): unknown => globalThis.seeTestProtocols.get(name)(...all)\n`,
  )
  return `${path}#run`
}

/** The names of the events in the timeline, in the order of its lines, but for those of written evidence. */
async function eventsOf(report: RunReport | undefined): Promise<string[]> {
  const path = join(report?.results_folder ?? '', `${report?.identifier}_timeline.jsonl`)
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  return lines
    .map((line) => JSON.parse(line) as { type: string; name: string })
    .filter(({ type, name }) => type === 'event' && name !== 'evidence_written')
    .map(({ name }) => name)
}

const words = (text: string): string[] => text.split(' ')

test('the default protocol is the lifecycle of the manual, and its evidence is in a folder of its own', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report, deallocations } = await runIn(folder.path)
  expect(exitCode).toBe(0)
  expect(deallocations).toBe(1)
  const { identifier = '', results_folder: results = '' } = report ?? {}
  expect(report).toEqual({
    identifier,
    ok: true,
    warnings: [],
    exit_code: 0,
    results_folder: join(folder.path, 'results', identifier),
    files: [
      { path: `${identifier}_console.log`, bytes: 0 },
      { path: `${identifier}_snapshots_capture.ppm`, bytes: 14 },
      { path: `${identifier}_timeline.jsonl`, bytes: expect.any(Number) },
    ],
    events: 16,
    files_omitted: 0,
    sample: null,
    commands: [],
    failures: [],
    isolation: null,
    guest: { ended: [], reboots: 0 },
    limits: [],
    error: null,
  })
  expect(await eventsOf(report)).toEqual(
    words(
      'pre_poweron post_poweron ready ip_address pre_pause post_pause snapshots_capture pre_resume post_resume pre_shutdown post_shutdown start_analysis wait_analysis',
    ),
  )
  expect(JSON.parse(await readFile(join(results ?? '', 'run.json'), 'utf8'))).toEqual(report)
})

test('a guest without a network interface is not asked for its address', async () => {
  await using folder = await temporaryFolder()
  const factory = factoryThat(({ context }) => {
    context.macAddress = () => undefined
    context.waitForIp4Address = () => Promise.reject(new Error('it gets none'))
  })
  const { exitCode, report } = await runIn(folder.path, { resources: factory })
  expect(exitCode).toBe(0)
  expect((await eventsOf(report)).slice(0, 3)).toEqual(words('pre_poweron post_poweron pre_pause'))
})

test('for people: lines of progress with the time on standard error, a summary on standard output', async () => {
  await using folder = await temporaryFolder()
  const { out, error } = await runIn(folder.path, { json: false })
  expect(error).toMatch(/^\d{4}-\d\d-\d\dT\S+Z powering on$/m)
  expect(out).toMatch(/^Run \S+: done \(16 events\)$/m)
  expect(out).toMatch(/^Evidence in \S+\/$/m)
  expect(out).toMatch(/^ +14 B {2}\S+_snapshots_capture\.ppm$/m)
})

test('a guest that ignores the power button is cut from power, analysed, and the run failed', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report, error, deallocations } = await runIn(folder.path, {
    simulation: { faults: { ignoresShutdown: true } },
  })
  expect(exitCode).toBe(2)
  expect(report?.error?.code).toBe('SHUTDOWN_TIMEOUT')
  expect(error).toContain('cutting its power')
  expect((await eventsOf(report)).slice(-5)).toEqual(
    words('pre_shutdown pre_poweroff post_poweroff start_analysis wait_analysis'),
  )
  expect(deallocations).toBe(1)
})

test('a guest without an address is captured, cut from power and analysed, and the run failed', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report } = await runIn(folder.path, { simulation: { faults: { noAddress: true } } })
  expect(exitCode).toBe(2)
  expect(report?.error).toMatchObject({ code: 'NOT_READY' })
  const events = await eventsOf(report)
  expect(events).toContain('snapshots_capture')
  expect(events.slice(-4)).toEqual(['pre_poweroff', 'post_poweroff', 'start_analysis', 'wait_analysis'])
})

test('a guest that stops on its own is analysed all the same', async () => {
  await using folder = await temporaryFolder()
  const factory = factoryThat(({ context, domain }) => {
    context.subscribe('ip_address', () => void (domain.state = 'shutoff'))
  })
  const { exitCode, report } = await runIn(folder.path, { resources: factory })
  expect(exitCode).toBe(0)
  expect(await eventsOf(report)).toEqual(
    words('pre_poweron post_poweron ready ip_address start_analysis wait_analysis'),
  )
})

test('what the guest did unasked is in the report and the summary, and decides the exit code', async () => {
  await using folder = await temporaryFolder()
  const none = { exitCode: null, signal: null }
  const off: GuestEnd = { reason: 'powered_off', detail: 'it was off\u001b[0m', ...none }
  const failed: GuestEnd = { reason: 'failed', detail: 'QEMU failed', ...none }
  const protocol = await protocolNamed(folder.path, (context) => context.poweron())
  const runWith = async (end: GuestEnd, json = true) => {
    const factory = factoryThat(({ context }) => {
      const { resources } = context
      context.subscribe('post_poweron', () => {
        if (!(resources instanceof SimulatedResources)) throw new Error('it is simulated')
        resources.guest?.rebooted('again')
        resources.guest?.ended(end)
      })
    })
    return await runIn(folder.path, { protocol, resources: factory, json })
  }
  const ended = [{ reason: 'powered_off', detail: off.detail, exit_code: null, signal: null }]
  expect((await runWith(off)).report).toMatchObject({
    exit_code: 0,
    error: null,
    guest: { ended, reboots: 1 },
  })
  expect((await runWith(failed)).report).toMatchObject({
    exit_code: 2,
    error: { code: 'GUEST_STOPPED', message: 'the guest ended unasked: QEMU failed' },
  })
  const { out } = await runWith(off, false)
  expect(out).toContain('without a request\n  rebooted once\n  powered off: it was off')
  expect(out).not.toContain('\u001b')
})

test.each([
  ['no address', { noAddress: true }, 'NOT_READY'],
  ['power-on fails', { failing: ['create'] }, null],
  ['allocation fails', { failing: ['allocate'] }, null],
  ['deallocation fails', { failing: ['deallocate'] }, null],
])('exits with 2 when the sandbox fails: %s', async (_what, faults, code) => {
  await using folder = await temporaryFolder()
  const { exitCode, report, deallocations, error } = await runIn(folder.path, { simulation: { faults } })
  expect(exitCode).toBe(2)
  expect(report).toMatchObject({ ok: false, exit_code: 2, error: { code } })
  expect(error).toMatch(/^see: /m)
  expect(error).not.toMatch(/^ +at /m)
  expect(deallocations).toBe(1)
})

test('exits with 3 when a handler fails, and names it', async () => {
  await using folder = await temporaryFolder()
  const protocol = await protocolNamed(folder.path, async (context) => {
    context.subscribe('post_poweron', function broken() {
      throw new Error('no luck\u001b[31m')
    })
    await context.poweron()
  })
  const { exitCode, report } = await runIn(folder.path, { protocol })
  expect(exitCode).toBe(3)
  const [failure] = report?.failures ?? []
  expect(failure).toMatchObject({ event: 'post_poweron', message: 'no luck\u001b[31m' })
  expect(failure?.handler).toBe(`${protocol}.broken`)
  const { out } = await runIn(folder.path, { protocol, json: false })
  expect(out).toContain('.broken: no luck\\u{1b}[31m')
})

/** Leaves what CommandsHook does of a command. */
async function leaveCommand(context: SeeContext, folder: string, record: string, stdout?: string) {
  const hook = { context, logger: context.logger, configuration: { results_folder: folder } }
  const evidence = new EvidenceWriter(hook)
  await evidence.open()
  const extension = 'json'
  const path = await evidence.write({ kind: 'command_record', name: 'command', extension }, record)
  if (stdout === undefined) return path
  await evidence.write({ kind: 'command_stdout', name: 'said', extension: 'txt', of: path }, stdout)
  return path
}

const ended = {
  event: 'run_command',
  status: 'finished',
  command: 'x',
  sample: null,
  sha256: null,
  guest_path: null,
  exit_code: 7,
  signal: null,
  started: null,
  duration_ms: 1200,
  truncated: false,
  lost: null,
  output_open: false,
  late_bytes: { stdout: 0, stderr: 0 },
  error: null,
}

test('shows the output of what was run in the guest, harmless for a terminal', async () => {
  await using folder = await temporaryFolder()
  const protocol = await protocolNamed(folder.path, async (context) => {
    const results = join(folder.path, 'results', context.identifier)
    await leaveCommand(
      context,
      results,
      JSON.stringify(ended),
      `\u001b]0;title\u0007${'line\n'.repeat(5000)}`,
    )
  })
  const { out } = await runIn(folder.path, { protocol, json: false })
  expect(out).toContain('Command x: exit code 7 after 1.2 s\n  stdout: \\u{1b}]0;title\\u{7}line\n')
  expect(out.length).toBeLessThan(3000)
  const { report } = await runIn(folder.path, { protocol })
  expect(report?.commands).toMatchObject([
    { exit_code: 7, stdout: expect.stringMatching(/more in \S+_said\.txt\)$/) },
  ])
})

test('commands are shown wherever their records are, but for what is no record', async () => {
  await using folder = await temporaryFolder()
  const elsewhere = join(folder.path, 'elsewhere')
  const unlisted = join(folder.path, 'unlisted.json')
  let path = ''
  const protocol = await protocolNamed(folder.path, async (context) => {
    await leaveCommand(context, join(folder.path, 'results', context.identifier), '{ "cut sho')
    await leaveCommand(context, elsewhere, JSON.stringify({ ...ended, command: 'never finished' }))
    path = await leaveCommand(context, elsewhere, JSON.stringify(ended), 'said')
    await writeFile(unlisted, JSON.stringify({ ...ended, exit_code: 3 }))
    for (const each of [path, path, '/nowhere', unlisted]) {
      await context.trigger('command_finished', { command: 'x', exit_code: 7, signal: null, path: each })
    }
  })
  const { report } = await runIn(folder.path, { protocol })
  expect(report?.commands).toMatchObject([
    { record: path, exit_code: 7, stdout: 'said' },
    { record: unlisted, exit_code: 3, stdout: '' },
  ])
})

test('a protocol in TypeScript gets what the user asked for, and its events carry its name', async () => {
  await using folder = await temporaryFolder()
  const sample = join(folder.path, 'sample')
  await writeFile(sample, '')
  let seen: unknown
  const protocol = await protocolNamed(folder.path, async (context, parameters) => {
    const { signal: _signal, progress: _progress, ...rest } = parameters
    const origins: string[] = []
    context.subscribe('start_analysis', ({ origin }) => void origins.push(origin))
    await context.trigger('start_analysis')
    seen = { ...rest, origins }
  })
  const { exitCode } = await runIn(folder.path, {
    protocol,
    sample,
    command: 'cat {sample}',
    runtimeMs: 1500,
    simulation: UNWILLING,
  })
  expect(exitCode).toBe(0)
  expect(seen).toEqual({
    sample,
    sha256: createHash('sha256').digest('hex'),
    command: 'cat {sample}',
    runtimeMs: 1500,
    timeoutMs: 200,
    shutdownTimeoutMs: 200,
    origins: [protocol],
  })
})

test('adds the timeline before and the commands after the hooks of a file, whose own folder wins', async () => {
  await using folder = await temporaryFolder()
  const hooks = join(folder.path, 'hooks.json')
  const shots = join(folder.path, 'shots')
  const screen = { name: '@see/hooks#ScreenHook', configuration: { screenshot_on_event: 'post_poweron' } }
  await writeFile(hooks, JSON.stringify({ configuration: { results_folder: shots }, hooks: [screen] }))
  const { exitCode, report } = await runIn(folder.path, { hooks, command: 'true', simulation: UNWILLING })
  expect(exitCode).toBe(3)
  expect(report?.failures).toMatchObject([
    { event: 'run_command', message: expect.stringContaining('unwilling') },
  ])
  expect((await eventsOf(report)).at(0)).toBe('pre_poweron')
  expect(await readdir(shots)).toContain(`${report?.identifier}_post_poweron.ppm`)
})

test.each([
  ['ip_adress', /hooks\.json:\d+:\d+: "screenshot_on_event" .*did you mean "ip_address"\?/],
  ['halfwya', /did you mean "halfway"\?/],
  ['guest_is_there', /nothing is known to fire$/],
])('a misspelt event of a hooks file, %s, is a warning with the nearest', async (event, why) => {
  await using folder = await temporaryFolder()
  const hooks = join(folder.path, 'hooks.json')
  const entries = [
    { name: '@see/hooks#ScreenHook', configuration: { screenshot_on_event: [event, 'snapshots_capture'] } },
    { name: '@see/hooks#TimersHook', configuration: { timers: { halfway: 60 } } },
  ]
  await writeFile(hooks, JSON.stringify({ hooks: entries }, undefined, 2))
  const { exitCode, report } = await runIn(folder.path, { hooks })
  expect(exitCode).toBe(0)
  expect(report?.warnings).toMatchObject([
    {
      code: 'EVENT_UNKNOWN',
      what: `what @see/hooks#ScreenHook does at the event "${event}"`,
      why: expect.stringMatching(why),
    },
  ])
})

test('what a protocol of the user’s own may fire is no misspelt event', async () => {
  await using folder = await temporaryFolder()
  const hooks = join(folder.path, 'hooks.json')
  const configuration = { screenshot_on_event: 'guest_is_there' }
  await writeFile(hooks, JSON.stringify({ hooks: [{ name: '@see/hooks#ScreenHook', configuration }] }))
  const protocol = await protocolNamed(folder.path, (context) => context.poweron())
  const { report } = await runIn(folder.path, { hooks, protocol })
  expect(report?.warnings).toEqual([])
})

test('that the domain has no console to log is said in the report', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report } = await runIn(folder.path, { simulation: { faults: { without: ['console'] } } })
  expect(exitCode).toBe(0)
  expect(report?.warnings).toMatchObject([{ code: 'CONSOLE_MISSING' }])
})

test('a command for a sandbox without an agent is refused before it is powered on', async () => {
  await using folder = await temporaryFolder()
  const simulation: Simulation = { lacking: ['agent'] }
  const { exitCode, report, deallocations } = await runIn(folder.path, { command: 'true', simulation })
  expect([exitCode, deallocations]).toEqual([1, 1])
  expect(report).toMatchObject({
    events: 0,
    error: { code: 'HOOK_SETUP', message: expect.stringContaining('no agent') },
  })
})

test('a protocol of the user’s own may run commands of its own, where there is an agent', async () => {
  await using folder = await temporaryFolder()
  const protocol = await protocolNamed(folder.path, async (context) => {
    await context.poweron()
    await context.trigger('run_command', { command: 'true' })
  })
  const { report } = await runIn(folder.path, { protocol, simulation: UNWILLING })
  expect(report?.failures).toMatchObject([
    { event: 'run_command', message: expect.stringContaining('unwilling') },
  ])
  const simulation: Simulation = { lacking: ['agent'] }
  const { exitCode, report: without } = await runIn(folder.path, { protocol, simulation })
  expect(exitCode).toBe(0)
  expect(without?.failures).toEqual([])
})

test.each([
  ['the sample is missing', { sample: '/no/such/sample' }, 'FILE_UNREADABLE'],
  ['the sample is a device', { sample: '/dev/null' }, 'FILE_UNREADABLE'],
  ['the protocol’s module is missing', { protocol: './none.ts#run' }, 'HOOK_LOAD'],
  ['the protocol is no function', { protocol: '@see/core#errorCodes' }, 'HOOK_LOAD'],
  ['the hooks file is missing', { hooks: '/no/such/hooks.json' }, 'FILE_UNREADABLE'],
  ['the results folder cannot be made', { results: '/dev/null/results' }, 'RESULTS_UNWRITABLE'],
])('exits with 1 and leaves nothing when %s', async (_what, options, code) => {
  await using folder = await temporaryFolder()
  const factory = vi.fn(simulatedFactory())
  const { exitCode, report } = await runIn(folder.path, { ...options, resources: factory })
  expect(exitCode).toBe(1)
  expect(report).toMatchObject({ ok: false, exit_code: 1, results_folder: null, error: { code } })
  expect(factory).not.toHaveBeenCalled()
  expect(await readdir(folder.path)).toEqual([])
})

test('leaves a results folder that was there', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'results'))
  await runIn(folder.path, { hooks: '/no/such/hooks.json' })
  expect(await readdir(join(folder.path, 'results'))).toEqual([])
})

test('reports a mistake in the hooks file with its line, before anything is allocated', async () => {
  await using folder = await temporaryFolder()
  const hooks = join(folder.path, 'hooks.json')
  await writeFile(hooks, '{\n  "hooks": [\n    { "name": "@see/hooks#NoHook" }\n  ]\n}')
  const { exitCode, error, deallocations } = await runIn(folder.path, { hooks })
  expect([exitCode, deallocations]).toEqual([1, 0])
  expect(error).toContain(`${hooks}:3:7: @see/hooks#NoHook`)
})

const interruptedFactory: ContextFactory = async (identifier, options) => {
  const context = await simulatedFactory()(identifier, options)
  interrupt()
  await sleep(100)
  return context
}

/** Presses Ctrl-C as often as asked. */
function interrupt(times = 1): void {
  for (let press = 0; press < times; press++) process.emit('SIGINT', 'SIGINT')
}

test('Ctrl-C while the protocol is loaded', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'slow.mjs')
  await writeFile(path, 'await new Promise(() => setTimeout(() => undefined, 1e6).unref())')
  setTimeout(interrupt, 300)
  const { exitCode, deallocations } = await runIn(folder.path, { protocol: `${path}#run` })
  expect([exitCode, deallocations]).toEqual([130, 0])
})

test('Ctrl-C while a hook is loaded', async () => {
  await using folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'slow.mjs'),
    'await new Promise(() => setTimeout(() => undefined, 1e6).unref())',
  )
  const hooks = join(folder.path, 'hooks.json')
  await writeFile(hooks, JSON.stringify({ hooks: [{ name: './slow.mjs#Slow' }] }))
  setTimeout(interrupt, 300)
  const { exitCode, report } = await runIn(folder.path, { hooks })
  expect(exitCode).toBe(130)
  expect(report).toMatchObject({ results_folder: null, error: { message: 'interrupted' } })
  expect(await readdir(folder.path)).not.toContain('results')
})

test('Ctrl-C while the sandbox is allocated', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report, deallocations } = await runIn(folder.path, { resources: interruptedFactory })
  expect([exitCode, deallocations]).toEqual([130, 1])
  expect(report).toMatchObject({ ok: false, exit_code: 130, events: 0, error: { message: 'interrupted' } })
})

test.each([
  ['powered on', 'pre_poweron'],
  ['waited for the runtime', 'ip_address'],
  ['captured', 'post_pause'],
  ['shut down', 'pre_shutdown'],
  ['analysed', 'start_analysis'],
] as const)('Ctrl-C while the guest is %s', async (_what, event) => {
  await using folder = await temporaryFolder()
  const faults = { ignoresShutdown: event === 'pre_shutdown', delayMs: 20 }
  const factory = factoryThat(({ context }) => void context.subscribe(event, () => interrupt()), { faults })
  const runtimeMs = event === 'ip_address' ? 3_600_000 : 0
  const start = performance.now()
  const { exitCode, report, deallocations } = await runIn(folder.path, {
    resources: factory,
    runtimeMs,
    timeoutMs: 3_600_000,
    shutdownTimeoutMs: 200,
  })
  expect([exitCode, deallocations]).toEqual([130, 1])
  expect(report?.error?.message).toBe('interrupted')
  expect(await eventsOf(report)).not.toContain('wait_analysis')
  expect(performance.now() - start).toBeLessThan(5000)
})

test('a run that reaches its deadline is ended: an event, an entry in the report, an exit code of its own', async () => {
  await using folder = await temporaryFolder()
  const { exitCode, report, error, deallocations } = await runIn(folder.path, {
    runtimeMs: 3_600_000,
    deadlineMs: 500,
  })
  expect([exitCode, deallocations]).toEqual([4, 1])
  const message = 'the run reached its deadline, 500 ms after it began, and was ended'
  expect(report).toMatchObject({ exit_code: 4, ok: false, error: { code: 'DEADLINE_REACHED', message } })
  expect(error).toContain(message)
  expect((await eventsOf(report)).at(-1)).toBe('deadline_reached')
})

test.each([
  [
    'while the protocol is loaded',
    'await new Promise(() => setTimeout(() => undefined, 1e6).unref())',
    300,
    4,
  ],
  ['that is not above zero', '', 0, 1],
])('a deadline %s leaves nothing', async (_what, source, deadlineMs, expected) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'slow.mjs')
  await writeFile(path, source)
  const { exitCode, deallocations } = await runIn(folder.path, { protocol: `${path}#run`, deadlineMs })
  expect([exitCode, deallocations]).toEqual([expected, 0])
})

test('what cannot be cleaned up after Ctrl-C is reported', async () => {
  await using folder = await temporaryFolder()
  const faults = { failing: ['deallocate'] }
  const factory = factoryThat(({ context }) => void context.subscribe('post_poweron', () => interrupt()), {
    faults,
  })
  const { exitCode, error } = await runIn(folder.path, { resources: factory })
  expect(exitCode).toBe(130)
  expect(error).toContain('simulated failure of deallocate')
})

test.each([
  ['embedded', '/guest/embedded.json'],
  ['libvirt', '/guest/resources.json'],
] as const)('without resources it is the tiny guest, on %s', async (provider, file) => {
  await using folder = await temporaryFolder()
  const { exitCode, report } = await runIn(folder.path, { provider, resources: undefined })
  expect(exitCode).toBe(1)
  expect(report?.error).toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(`${file}:`),
  })
})

test('the page of the case is beside its evidence, with its mode', async () => {
  await using folder = await temporaryFolder()
  const protocol = await protocolNamed(folder.path, async (context) => await context.poweron())
  const options = { protocol, report: true, resultsMode: 0o640 }
  const { exitCode, report } = await runIn(folder.path, options)
  expect(exitCode).toBe(0)
  const page = join(report?.results_folder ?? '', 'report.html')
  expect(await readFile(page, 'utf8')).toContain('"name":"post_poweron"')
  expect((await stat(page)).mode & 0o777).toBe(0o640)
  const { out } = await runIn(folder.path, { ...options, json: false })
  expect(out).toMatch(/\nReport in \S+\/report\.html\n$/)
})

test('a page that cannot be written is a note, and no failure of the run', async () => {
  await using folder = await temporaryFolder()
  const protocol = await protocolNamed(folder.path, async () => {
    const [identifier = ''] = await readdir(join(folder.path, 'results'))
    await mkdir(join(folder.path, 'results', identifier, 'report.html'))
  })
  const { exitCode, error, report } = await runIn(folder.path, { protocol, report: true })
  expect({ exitCode, ok: report?.ok }).toEqual({ exitCode: 0, ok: true })
  expect(error).toMatch(
    /see: the page of the case is missing: .*it is not a file.*npx see report \S+ makes it\n$/,
  )
})
