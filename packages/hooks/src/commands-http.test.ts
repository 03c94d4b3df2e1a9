import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import type { CommandRecord } from './command-record.ts'
import { answering, type Behaviour, hostileAgent, portOf } from './testing/hostile-agent.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

async function start(folder: string, port: number, configuration: Record<string, unknown> = {}) {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [
      {
        name: '@see/hooks#CommandsHook',
        configuration: {
          results_folder: folder,
          'agent-host': '127.0.0.1',
          'agent-port': port,
          agent_timeout: 2,
          ...configuration,
        },
      },
    ],
  })
  const { context, identifier } = environment
  const finished: unknown[] = []
  context.subscribe('command_finished', (event) => void finished.push(event))
  await context.poweron()
  const read = async (file: string) => await readFile(join(folder, `${identifier}_command_${file}`), 'utf8')
  const record = async (number = 1) => JSON.parse(await read(`${number}.json`)) as CommandRecord
  return { environment, context, identifier, finished, read, record }
}

const done = { exit_code: 3, command_output: 'ü out\n' }

test('runs a command, with the record and the event of every channel', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering(done))
  const { environment, context, identifier, finished, read, record } = await start(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_command', { command: 'ls -al' })
  expect(context.failures).toEqual([])
  expect(agent.heads).toEqual([expect.stringMatching(/^GET \/\?command=ls\+-al&async=0 HTTP\/1\.1\r\n/)])
  expect(await record()).toEqual({
    event: 'run_command',
    status: 'finished',
    command: 'ls -al',
    sample: null,
    sha256: null,
    guest_path: null,
    exit_code: 3,
    signal: null,
    started: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    duration_ms: expect.any(Number),
    truncated: false,
    error: null,
  })
  expect([await read('1.stdout'), await read('1.stderr')]).toEqual(['ü out\n', ''])
  expect(finished).toMatchObject([
    { exit_code: 3, path: join(temporary.path, `${identifier}_command_1.json`) },
  ])
})

test('posts a sample whole', async () => {
  await using temporary = await temporaryFolder()
  const sample = join(temporary.path, 'a sample.exe')
  const content = Buffer.alloc(3_000_000, 'sample')
  await writeFile(sample, content)
  let posted = Buffer.alloc(0)
  await using agent = await hostileAgent((socket, head) => {
    posted = Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1')
    const parts = [posted]
    socket.on('data', (part: string) => {
      parts.push(Buffer.from(part, 'latin1'))
      if (parts.reduce((sum, { length }) => sum + length, 0) < content.length) return
      posted = Buffer.concat(parts.slice(parts.length === 2 && posted.length === 0 ? 1 : 0))
      answering(done)(socket, head)
    })
  })
  const { environment, context, finished, record } = await start(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_sample', { sample, command: 'start {sample}' })
  expect(context.failures).toEqual([])
  expect(agent.heads[0]).toMatch(
    /^POST \/\?command=start\+%7Bsample%7D&sample=a_sample\.exe&async=0 HTTP\/1\.1\r\n/,
  )
  expect(agent.heads[0]).toMatch(/\r\ncontent-length: 3000000\r\n/i)
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(createHash('sha256').update(posted).digest('hex')).toBe(sha256)
  expect(await record()).toMatchObject({ status: 'finished', sample, sha256, command: 'start {sample}' })
  expect(finished).toMatchObject([{ exit_code: 3, sample }])
})

test('a command in the background is told of as running, since the agent tells no more', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering({ exit_code: null, command_output: 'Asynchronous call.' }))
  const { environment, context, finished, record } = await start(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_command', { command: 'calc', async_flag: true })
  expect(agent.heads[0]).toContain('async=1')
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await record()).toMatchObject({ status: 'running', exit_code: null, duration_ms: null, error: null })
  expect(finished).toEqual([])
})

test('a command that a signal ended has its number', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering({ exit_code: -9, command_output: '' }))
  const { environment, context, record } = await start(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(await record()).toMatchObject({ status: 'finished', exit_code: null, signal: 9 })
})

test('keeps no more output than configured', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering({ exit_code: 0, command_output: 'x'.repeat(5000) }))
  const { environment, context, read, record } = await start(temporary.path, agent.port, { output_limit: 99 })
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(await read('1.stdout')).toBe('x'.repeat(99))
  expect(await record()).toMatchObject({ truncated: true, exit_code: 0 })
})

const OK = 'HTTP/1.1 200 OK\r\n'

const hostile: Record<string, { behaviour: Behaviour; problem: RegExp; code?: string }> = {
  'is not JSON': { behaviour: answering('<html>'), problem: /Unexpected token/ },
  'is JSON without end': { behaviour: answering('{"exit_code": 0, "command_output": "'), problem: /JSON/ },
  'is nested deep': { behaviour: answering('['.repeat(1_000_000)), problem: /JSON/ },
  'is a list': { behaviour: answering([]), problem: /expected object/ },
  'lacks the output': { behaviour: answering({ exit_code: 0 }), problem: /"command_output"/ },
  'has output that is no text': {
    behaviour: answering({ exit_code: 0, command_output: [1] }),
    problem: /"command_output"/,
  },
  'has an exit code that is no number': {
    behaviour: answering({ exit_code: '0', command_output: '' }),
    problem: /"exit_code"/,
  },
  'has a fractional exit code': {
    behaviour: answering({ exit_code: 0.5, command_output: '' }),
    problem: /"exit_code"/,
  },
  'has a huge exit code': {
    behaviour: answering('{"exit_code": 1e300, "command_output": ""}'),
    problem: /"exit_code"/,
  },
  'has an exit code that no system has': {
    behaviour: answering({ exit_code: 2 ** 32, command_output: '' }),
    problem: /"exit_code"/,
  },
  'says no exit code of a command that was waited for': {
    behaviour: answering({ exit_code: null, command_output: '' }),
    problem: /does not say the exit code/,
  },
  redirects: {
    behaviour: (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n'),
    problem: /status 302/,
    code: 'AGENT_COMMAND_FAILED',
  },
  fails: {
    behaviour: answering('', '500 Internal Server Error'),
    problem: /status 500/,
    code: 'AGENT_COMMAND_FAILED',
  },
  'says that there is none': {
    behaviour: (socket) => socket.end(`HTTP/1.1 204 No\r\n\r\n`),
    problem: /204/,
    code: 'AGENT_COMMAND_FAILED',
  },
  'is empty': { behaviour: answering(''), problem: /JSON/ },
  'is none': { behaviour: (socket) => socket.end(), problem: /hang up|closed/ },
  'is a reset': { behaviour: (socket) => socket.resetAndDestroy(), problem: /ECONNRESET|hang up/ },
  'is not HTTP': { behaviour: (socket) => socket.end('SSH-2.0-x\r\n'), problem: /Parse Error/ },
  'wants another protocol': {
    behaviour: (socket) => socket.write('HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    problem: /hang up|closed|101/,
  },
  'breaks off': {
    behaviour: (socket) => socket.end(`${OK}Content-Length: 100\r\n\r\n{"exit_code": 0`),
    problem: /aborted|broken off/,
  },
  'has endless headers': {
    behaviour: (socket) => flood(socket, OK, 'X: y\r\n'.repeat(1000)),
    problem: /Header overflow/,
  },
  'has an endless body': {
    behaviour: (socket) => flood(socket, `${OK}\r\n`, 'x'.repeat(100_000)),
    problem: /more than 16777216 bytes/,
    code: 'GUEST_OUTPUT_LIMIT',
  },
  'has an endless body in chunks': {
    behaviour: (socket) =>
      flood(socket, `${OK}Transfer-Encoding: chunked\r\n\r\n`, `ffff\r\n${'x'.repeat(65_535)}\r\n`),
    problem: /more than 16777216 bytes/,
    code: 'GUEST_OUTPUT_LIMIT',
  },
  'never comes': { behaviour: () => undefined, problem: /within 300 ms/, code: 'GUEST_EXEC_TIMEOUT' },
  'comes byte by byte': {
    behaviour: (socket) => drip(socket, `${OK}Content-Length: 1000\r\n\r\n`),
    problem: /within 300 ms/,
    code: 'GUEST_EXEC_TIMEOUT',
  },
  'is announced for ever': {
    behaviour: (socket) => drip(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n'),
    problem: /within 300 ms/,
    code: 'GUEST_EXEC_TIMEOUT',
  },
}

function flood(socket: Socket, head: string, part: string): void {
  socket.write(head)
  const more = (): void => {
    while (!socket.destroyed && socket.write(part));
  }
  socket.on('drain', more)
  more()
}

function drip(socket: Socket, head: string, part = ' '): void {
  socket.write(head)
  const timer = setInterval(() => socket.write(part), 20)
  socket.on('close', () => clearInterval(timer))
}

test.concurrent.each(Object.entries(hostile))('an answer that %s is one failure', async (_name, expected) => {
  const { behaviour, problem, code = 'AGENT_CHANNEL' } = expected
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(behaviour)
  const bounds = code === 'GUEST_EXEC_TIMEOUT' ? { timeout: 0.3 } : {}
  const { environment, context, finished, record } = await start(temporary.path, agent.port, bounds)
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([{ error: { code, message: expect.stringMatching(problem) } }])
  expect(await record()).toMatchObject({ status: 'failed', error: expect.stringMatching(problem) })
  expect(agent.heads).toHaveLength(1)
  expect(finished).toEqual([])
})

test('a guest that does not take the sample is not waited for for ever', async () => {
  await using temporary = await temporaryFolder()
  const sample = join(temporary.path, 'sample')
  await writeFile(sample, Buffer.alloc(20_000_000))
  await using agent = await hostileAgent((socket) => void socket.pause())
  const { environment, context, record } = await start(temporary.path, agent.port, { timeout: 0.5 })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_EXEC_TIMEOUT' } }])
  expect(await record()).toMatchObject({ status: 'failed' })
})

test('a command is cut off when its guest is', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(() => undefined)
  const { environment, context, record } = await start(temporary.path, agent.port)
  await using _ = environment
  const running = context.trigger('run_command', { command: 'sleep 60', async_flag: true })
  await expect.poll(() => agent.heads.length).toBe(1)
  context.domain.state = 'shutoff'
  await running
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await record()).toMatchObject({ status: 'running', error: expect.stringContaining('was shutoff') })
})

test('waits for the agent to listen, but not for ever', async () => {
  await using temporary = await temporaryFolder()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  const { environment, context, record } = await start(temporary.path, port, { agent_timeout: 0.5 })
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([
    { error: { code: 'AGENT_UNRESPONSIVE', message: expect.stringContaining(`127.0.0.1 port ${port}`) } },
  ])
  expect(await record()).toMatchObject({ status: 'failed', started: null })
  const late = createServer((socket) => socket.once('data', () => answering(done)(socket, '')))
  setTimeout(() => late.listen(port, '127.0.0.1'), 200)
  await context.trigger('run_command', { command: 'true' })
  late.close()
  expect(await record(2)).toMatchObject({ status: 'finished', exit_code: 3 })
})

test('the address that ip_address tells goes before the configured one, until the guest is off', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering(done))
  const { environment, context, record } = await start(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('ip_address', { address: '127.0.0.2' })
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([
    { error: { code: 'AGENT_CHANNEL', message: expect.stringContaining("127.0.0.2, which is this host's") } },
  ])
  expect(agent.heads).toEqual([])
  await context.poweroff()
  await context.poweron()
  await context.trigger('run_command', { command: 'true' })
  expect(await record(2)).toMatchObject({ status: 'finished' })
})

test.each([undefined, '', 'localhost', 7])('an address that is none is a failure: %s', async (address) => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await start(temporary.path, 1)
  await using _ = environment
  // @ts-expect-error: as a timer or another hook may fire it
  await context.trigger('ip_address', { address })
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#CommandsHook.hearAddress', error: { code: 'CONFIGURATION_INVALID' } },
  ])
})

test.each([
  [{ 'agent-host': '127.0.0.1' }, 'give "agent-port", too'],
  [{ 'agent-port': 0 }, 'agent-port'],
  [{ 'agent-port': 8080, 'agent-host': 'http://a/' }, 'expected an address'],
])('%j is refused before anything is allocated', async (configuration, problem) => {
  const hooks = [
    { name: '@see/hooks#CommandsHook', configuration: { results_folder: '/x', ...configuration } },
  ]
  await expect(Environment.allocate(simulatedFactory(), { hooks })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringContaining(problem),
  })
})
