import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, SeeError } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test, vi } from 'vitest'
import type { CommandRecord } from './command-record.ts'
import { assertDescribed } from '../testing/assert-described.ts'
import { HostAgent } from '../testing/host-agent.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

interface Options {
  readonly agent?: HostAgent | undefined
  readonly configuration?: Record<string, unknown>
}

async function start(folder: string, { agent, configuration = {} }: Options) {
  const factory = simulatedFactory(agent === undefined ? { lacking: ['agent'] } : { agentChannel: agent })
  const environment = await Environment.allocate(factory, {
    hooks: [{ name: '@see/hooks#CommandsHook', configuration: { results_folder: folder, ...configuration } }],
  })
  const { context, identifier } = environment
  const finished: unknown[] = []
  context.subscribe('command_finished', (event) => void finished.push(event))
  await context.poweron()
  const read = async (file: string) => await readFile(join(folder, `${identifier}_command_${file}`), 'utf8')
  const record = async (number = 1) => {
    const text = await read(`${number}.json`)
    assertDescribed('command_record', text)
    return JSON.parse(text) as CommandRecord
  }
  return { environment, context, identifier, finished, read, record }
}

test('runs a command in the guest’s shell and writes down what came of it', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, identifier, finished, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'echo "out $((6*7))"; echo err >&2; exit 3' })
  expect(context.failures).toEqual([])
  expect(await record()).toEqual({
    event: 'run_command',
    status: 'finished',
    command: 'echo "out $((6*7))"; echo err >&2; exit 3',
    sample: null,
    sha256: null,
    guest_path: null,
    exit_code: 3,
    signal: null,
    started: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    duration_ms: expect.any(Number),
    truncated: false,
    lost: null,
    output_open: false,
    late_bytes: { stdout: 0, stderr: 0 },
    error: null,
  })
  expect(await read('1.stdout')).toBe('out 42\n')
  expect(await read('1.stderr')).toBe('err\n')
  expect(finished).toMatchObject([
    {
      name: 'command_finished',
      origin: '@see/hooks#CommandsHook',
      exit_code: 3,
      path: join(temporary.path, `${identifier}_command_1.json`),
    },
  ])
})

test('numbers the commands', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, read } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'echo one' })
  await context.trigger('run_command', { command: 'echo two' })
  expect([await read('1.stdout'), await read('2.stdout')]).toEqual(['one\n', 'two\n'])
})

test('brings a sample in and executes it', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'a sample; touch $HOME.sh')
  const script = '#!/bin/sh\necho "I am $0"\nexit 7\n'
  await writeFile(sample, script)
  const { environment, context, finished, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  expect(context.failures).toEqual([])
  const { guest_path: guestPath, ...rest } = await record()
  await rm(guestPath ?? '')
  expect(rest).toMatchObject({
    event: 'run_sample',
    status: 'finished',
    sample,
    sha256: createHash('sha256').update(script).digest('hex'),
    exit_code: 7,
  })
  expect(await read('1.stdout')).toBe(`I am ${guestPath}\n`)
  expect(finished).toMatchObject([{ exit_code: 7, sample }])
})

test('puts the sample’s quoted path wherever the command says {sample}', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'sample')
  await writeFile(sample, 'content')
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample, command: 'cat {sample}; echo; echo {sample} "$&"' })
  const { guest_path: guestPath, command } = await record()
  await rm(guestPath ?? '')
  expect(command).toBe(`cat '${guestPath}'; echo; echo '${guestPath}' "$&"`)
  expect(await read('1.stdout')).toBe(`content\n${guestPath} $&\n`)
})

test('does not wait for a command in the background', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, finished, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'sleep 0.3; exit 4', async_flag: true })
  expect(await record()).toMatchObject({ status: 'running', exit_code: null })
  expect(finished).toEqual([])
  await context.settled()
  expect(await record()).toMatchObject({ status: 'finished', exit_code: 4 })
  expect(finished).toMatchObject([{ exit_code: 4 }])
})

test('outlasts a pause of the guest, during which the agent is silent', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'sleep 0.2; echo done', async_flag: true })
  agent.silent = true
  await context.pause()
  await sleep(400)
  expect(await record()).toMatchObject({ status: 'running' })
  agent.silent = false
  await context.resume()
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await read('1.stdout')).toBe('done\n')
})

test.each(['poweroff', 'shutdown'] as const)(
  'says of a command that still ran at %s that it did, which is no failure',
  async (end) => {
    await using temporary = await temporaryFolder()
    using agent = new HostAgent()
    const { environment, context, finished, record } = await start(temporary.path, { agent })
    await using _ = environment
    await context.trigger('run_command', { command: 'exec sleep 60', async_flag: true })
    agent.silent = true
    await context[end]()
    await context.settled()
    expect(context.failures).toEqual([])
    expect(await record()).toMatchObject({
      status: 'running',
      exit_code: null,
      error: 'still running when its guest ended: the guest was powered off before the command had ended',
    })
    expect(finished).toEqual([])
  },
)

test('notices a guest that stops on its own', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'exec sleep 60', async_flag: true })
  agent.silent = true
  context.domain.state = 'shutoff'
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await record()).toMatchObject({ status: 'running', error: expect.stringContaining('was shutoff') })
})

test('says of a command that still ran at deallocation that it did, and ends it', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, record } = await start(temporary.path, { agent })
  await context.trigger('run_command', { command: 'exec sleep 60', async_flag: true })
  await expect.poll(() => agent.executed.length).toBe(1)
  await environment.deallocate()
  expect(context.failures).toEqual([])
  expect(await record()).toMatchObject({ status: 'running' })
  expect(agent.executed.at(-1)?.[2]).toContain('kill -9')
})

test('keeps no more output than configured', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const configuration = { output_limit: 1000 }
  const { environment, context, read, record } = await start(temporary.path, { agent, configuration })
  await using _ = environment
  await context.trigger('run_command', { command: 'head -c 5000 /dev/zero' })
  expect(await read('1.stdout')).toHaveLength(1000)
  expect(await record()).toMatchObject({ truncated: true, exit_code: 0 })
})

test('kills a command after its timeout, and says so', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const configuration = { timeout: 0.1 }
  const { environment, context, record } = await start(temporary.path, { agent, configuration })
  await using _ = environment
  await context.trigger('run_command', { command: 'exec sleep 60' })
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_EXEC_TIMEOUT' } }])
  expect(await record()).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('longer than 100 ms'),
  })
})

test('waits for the agent, but not forever', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const configuration = { agent_timeout: 0.3 }
  const { environment, context, record } = await start(temporary.path, { agent, configuration })
  await using _ = environment
  agent.silent = true
  setTimeout(() => void (agent.silent = false), 100)
  await context.trigger('run_command', { command: 'true' })
  expect(await record(1)).toMatchObject({ status: 'finished', exit_code: 0 })
  agent.silent = true
  await context.trigger('run_command', { command: 'true', async_flag: true })
  await context.settled()
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#CommandsHook.runInBackground', error: { code: 'AGENT_UNRESPONSIVE' } },
  ])
  expect(await record(2)).toMatchObject({ status: 'failed', started: null })
})

test('fails at set-up when there is no agent', async () => {
  await using temporary = await temporaryFolder()
  await expect(start(temporary.path, {})).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: {
      code: 'ABILITY_MISSING',
      message:
        'sandboxes of this provider have no agent that runs commands, the ability "agent", which CommandsHook needs; name an HTTP agent’s port in "agent-port", leave CommandsHook out, set "optional": true, or use another provider',
    },
  })
})

test('says when the guest does not run', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context } = await start(temporary.path, { agent })
  await using _ = environment
  await context.pause()
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_STOPPED' } }])
  expect(String(context.failures[0]?.error)).toContain('run_command: the guest is paused')
})

test.each([
  ['missing', 'FILE_UNREADABLE'],
  ['.', 'SAMPLE_UNSUITABLE'],
])('says when the sample is no file: %s', async (name, code) => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample: join(temporary.path, name) })
  expect(context.failures).toMatchObject([{ error: { code } }])
  expect(await record()).toMatchObject({ status: 'failed' })
})

test.each([
  ['a file', undefined],
  ['an entry of a folder', 'go'],
])('what is hashed is what runs, where %s is replaced meanwhile', async (_what, entry) => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const folder = join(temporary.path, 'sample')
  await mkdir(folder)
  const path = join(folder, 'go')
  const [hashed, replaced] = ['#!/bin/sh\necho hashed\n', '#!/bin/sh\necho replaced\n']
  await writeFile(path, hashed)
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  const exec = context.agent.exec.bind(context.agent)
  // The guest is asked for the interpreter after the sample was hashed, and before it is brought in.
  vi.spyOn(context.agent, 'exec').mockImplementation(async (...parameters) => {
    await writeFile(path, replaced)
    return await exec(...parameters)
  })
  await context.trigger('run_sample', { sample: entry === undefined ? path : folder, entry })
  expect(context.failures).toEqual([])
  const { guest_path: guestPath, sha256 } = await record()
  await rm(entry === undefined ? (guestPath ?? '') : dirname(guestPath ?? ''), { recursive: true })
  expect(sha256).toBe(createHash('sha256').update(hashed).digest('hex'))
  expect(await read('1.stdout')).toBe('hashed\n')
  expect(await readFile(path, 'utf8')).toBe(replaced)
})

test('a sample that is not the one that is wanted is not run', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'go')
  await writeFile(sample, '#!/bin/sh\ntouch "$0.ran"\n')
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample, sha256: 'a'.repeat(64) })
  expect(context.failures).toMatchObject([
    { error: { code: 'SAMPLE_CHANGED', message: expect.stringContaining(sample) } },
  ])
  expect(await record()).toMatchObject({ status: 'failed', guest_path: null })
})

test('says when the guest cannot execute the sample', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'script')
  // The system looks for an interpreter of this name, with the carriage return.
  await writeFile(sample, '#!/bin/sh\r\n')
  await chmod(sample, 0o755)
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  expect(String(context.failures[0]?.error)).toContain('the guest cannot execute the sample')
  const { guest_path: guestPath, status } = await record()
  await rm(guestPath ?? '')
  expect(status).toBe('failed')
})

test.each([
  ['a PDF', '%PDF-1.7', 'PDF document'],
  ['an image', '\x89PNG\r\n\x1a\n', 'PNG image'],
  ['a script', '#!/no/such/interpreter\n', 'the guest has no /no/such/interpreter'],
])('%s that the guest cannot run is not brought into it', async (_what, content, why) => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'sample')
  await writeFile(sample, Buffer.from(content, 'latin1'))
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  expect(context.failures).toMatchObject([
    { error: { code: 'SAMPLE_UNSUITABLE', message: expect.stringContaining(why) } },
  ])
  expect(await record()).toMatchObject({ status: 'failed', guest_path: null, exit_code: null })
})

test('a file of a folder is run with its arguments, and finds what lies beside it', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const folder = join(temporary.path, 'a folder')
  await mkdir(join(folder, 'sub'), { recursive: true })
  const script = '#!/bin/sh\ncat "${0%/*}/../beside"; printf "<%s>" "$@"\n'
  await writeFile(join(folder, 'sub/go'), script)
  await writeFile(join(folder, 'beside'), 'beside\n')
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample: folder, entry: 'sub/go', arguments: ['a b', '$HOME'] })
  const { guest_path: guestPath, sha256, command } = await record()
  await rm((guestPath ?? '').replace(/\/sub\/go$/, ''), { recursive: true })
  expect(context.failures).toEqual([])
  expect(guestPath).toMatch(/^\/tmp\/see-[0-9a-f]{12}\/sub\/go$/)
  expect(sha256).toBe(createHash('sha256').update(script).digest('hex'))
  expect(command).toBe(`${guestPath} a b $HOME`)
  expect(await read('1.stdout')).toBe('beside\n<a b><$HOME>')
})

test('a program whose libraries neither the guest nor this host has is not run', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'sample')
  const program = (await readFile('/bin/ls', 'latin1')).replaceAll('libselinux.so.1', 'libnowhere.so.1')
  await writeFile(sample, program, 'latin1')
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  const brought =
    agent.executed
      .flat()
      .join(' ')
      .match(/\/tmp\/see-[0-9a-f]{12}\b/g) ?? []
  await Promise.all(Array.from(new Set(brought), (path) => rm(path, { recursive: true, force: true })))
  expect(context.failures).toMatchObject([
    {
      error: {
        code: 'SAMPLE_UNSUITABLE',
        message: expect.stringMatching(/neither the guest nor this host has .*: libnowhere\.so\.1/),
      },
    },
  ])
  expect(await record()).toMatchObject({ status: 'failed', exit_code: null })
})

test('a command by which the sample lacks a library is a failure that names it', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'sample')
  const program = (await readFile('/bin/ls', 'latin1')).replaceAll('libselinux.so.1', 'libnowhere.so.1')
  await writeFile(sample, program, 'latin1')
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  for (const command of ['true; {sample}', '{sample} -l']) {
    await context.trigger('run_sample', { sample, command })
    const { guest_path: guestPath } = await record()
    const brought = [guestPath ?? '', ...agent.executed.flat()].join(' ').match(/\/tmp\/see-[0-9a-f]{12}\b/g)
    await Promise.all(Array.from(new Set(brought), (path) => rm(path, { recursive: true, force: true })))
  }
  const message = expect.stringMatching(
    /the guest does not have libnowhere\.so\.1, which the sample is linked with.*begins with \{sample\}/,
  )
  const failure = { error: { code: 'AGENT_COMMAND_FAILED', message } }
  expect(context.failures).toMatchObject([failure, failure])
})

test('arguments beside a command, and a command that the guest does not have, are failures', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const sample = join(temporary.path, 'sample.py')
  await writeFile(sample, 'print(1)')
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_sample', { sample, command: 'true', arguments: ['x'] })
  await context.trigger('run_sample', { sample, command: 'nopython {sample}' })
  expect(context.failures).toMatchObject([
    { error: { code: 'CONFIGURATION_INVALID', message: expect.stringContaining('belong in the command') } },
    {
      error: { code: 'AGENT_COMMAND_FAILED', message: expect.stringContaining('the guest has no nopython') },
    },
  ])
  const { guest_path: guestPath, exit_code: exitCode } = await record()
  await rm(guestPath ?? '')
  expect(exitCode).toBe(127)
})

test('an event without what it needs, as a timer fires it, is one failure and runs nothing', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context } = await start(temporary.path, { agent })
  await using _ = environment
  // @ts-expect-error: the command is missing
  await context.trigger('run_command')
  // @ts-expect-error: the flag is of the wrong type
  await context.trigger('run_command', { command: 'true', async_flag: 'yes' })
  expect(context.failures).toMatchObject([
    { error: { code: 'CONFIGURATION_INVALID', message: expect.stringContaining('"command"') } },
    { error: { code: 'CONFIGURATION_INVALID', message: expect.stringContaining('"async_flag"') } },
  ])
  expect(await evidenceIn(temporary.path)).toEqual([])
})

const LATE_MS = 60_000
const late = { timeout: LATE_MS / 2 }

test(
  'what a command left running prints after its end is collected, and nothing warns',
  async () => {
    await using temporary = await temporaryFolder()
    using agent = new HostAgent()
    const { environment, context, finished, read, record } = await start(temporary.path, { agent })
    await using _ = environment
    const go = join(temporary.path, 'go')
    const wait = `while [ ! -e ${go} ]; do sleep 0.1; done`
    await context.trigger('run_command', {
      command: `(${wait}; echo late; echo later >&2) & echo early; exit 3`,
    })
    expect(finished).toMatchObject([{ exit_code: 3 }])
    expect(await read('1.stdout')).toBe('early\n')
    await expect.poll(() => record(), late).toMatchObject({ output_open: true })
    await writeFile(go, '')
    await expect.poll(() => record(), late).toMatchObject({ output_open: false })
    expect(await record()).toMatchObject({
      status: 'finished',
      exit_code: 3,
      late_bytes: { stdout: 5, stderr: 6 },
      truncated: false,
      lost: null,
    })
    expect([await read('1.stdout'), await read('1.stderr')]).toEqual(['early\nlate\n', 'later\n'])
    expect(context.warnings).toEqual([])
    expect(context.failures).toEqual([])
  },
  LATE_MS,
)

test.each(['poweroff', 'shutdown', 'deallocation'] as const)(
  'what a command left running printed until the %s is kept, and that it could print more is warned of',
  async (end) => {
    await using temporary = await temporaryFolder()
    using agent = new HostAgent()
    const { environment, context, read, record } = await start(temporary.path, { agent })
    await using _ = environment
    const go = join(temporary.path, 'go')
    const wait = `while [ ! -e ${go} ]; do sleep 0.1; done`
    const command = `(${wait}; echo late; : >${go}.done; exec sleep 60) & echo $!`
    await context.trigger('run_command', { command })
    const pid = Number(await read('1.stdout'))
    try {
      await writeFile(go, '')
      await expect.poll(() => evidenceIn(temporary.path), late).toContain('go.done')
      await (end === 'deallocation' ? environment.deallocate() : context[end]())
    } finally {
      process.kill(pid, 'SIGKILL')
    }
    expect(await read('1.stdout')).toBe(`${pid}\nlate\n`)
    expect(await record()).toMatchObject({ output_open: true, late_bytes: { stdout: 5 } })
    expect(context.warnings).toMatchObject([
      { code: 'OUTPUT_UNFINISHED', why: expect.stringContaining('could still print') },
    ])
    expect(context.failures).toEqual([])
  },
  LATE_MS,
)

test('a guest that does not say whether more can be printed is warned of', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const answer = agent.agentCommand.bind(agent)
  agent.agentCommand = async (command) => {
    if (command.includes('grep -c')) throw new SeeError('AGENT_UNRESPONSIVE', 'it was killed')
    return await answer(command)
  }
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'echo early' })
  await context.poweroff()
  expect(await read('1.stdout')).toBe('early\n')
  expect(await record()).toMatchObject({ status: 'finished', exit_code: 0, output_open: true })
  expect(context.warnings).toMatchObject([
    { code: 'OUTPUT_UNFINISHED', why: expect.stringMatching(/not known.*it was killed/) },
  ])
})

test('a command that left nothing running is over immediately', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, record } = await start(temporary.path, { agent })
  await using _ = environment
  await context.trigger('run_command', { command: 'echo hi' })
  await context.poweroff()
  expect(await record()).toMatchObject({ output_open: false, late_bytes: { stdout: 0, stderr: 0 } })
  expect(context.warnings).toEqual([])
})

test(
  'that output which comes late is more than is kept is said',
  async () => {
    await using temporary = await temporaryFolder()
    using agent = new HostAgent()
    const configuration = { output_limit: 10 }
    const { environment, context, read, record } = await start(temporary.path, { agent, configuration })
    await using _ = environment
    const go = join(temporary.path, 'go')
    const wait = `while [ ! -e ${go} ]; do sleep 0.1; done`
    await context.trigger('run_command', { command: `(${wait}; echo 0123456789) & echo early` })
    await writeFile(go, '')
    await expect.poll(() => record(), late).toMatchObject({ truncated: true, output_open: false })
    expect(await read('1.stdout')).toBe('early\n0123')
    expect(context.warnings).toMatchObject([{ code: 'OUTPUT_TRUNCATED' }])
  },
  LATE_MS,
)

test('a program that reopens its output within a moment loses what it printed before, which is said', async () => {
  await using temporary = await temporaryFolder()
  using agent = new HostAgent()
  const { environment, context, read, record } = await start(temporary.path, { agent })
  await using _ = environment
  const script = 'echo a long line of output; echo short >/proc/self/fd/1; echo end >&2'
  await context.trigger('run_command', { command: script })
  expect([await read('1.stdout'), await read('1.stderr')]).toEqual(['short\n', 'end\n'])
  expect(await record()).toMatchObject({ lost: expect.stringContaining('emptied') })
  expect(context.warnings).toMatchObject([{ code: 'OUTPUT_LOST' }])
})
