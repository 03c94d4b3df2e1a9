import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { answering, type Behaviour, hostileAgent } from '../testing/hostile-agent.ts'
import { startWithHttpAgent } from '../testing/http-commands.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

/** Cut within an escape. */
const BEGINNING = String.raw`{"exit_code": 7, "command_output": "begin\nand \"more\"\u00`
const OK = 'HTTP/1.1 200 OK\r\n'

const hostile: Record<string, { behaviour: Behaviour; problem: RegExp; code?: string }> = {
  'is not JSON': { behaviour: answering('<html>'), problem: /Unexpected token/ },
  'is JSON without end': { behaviour: answering('{"exit_code": 0, "command_output": "'), problem: /JSON/ },
  'is nested deep': { behaviour: answering('['.repeat(1_000_000)), problem: /nests deeper/ },
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
  'is announced forever': {
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
  // All of them ask at the same time.
  const patient = { agent_timeout: 20 }
  const bounds = code === 'GUEST_EXEC_TIMEOUT' ? { ...patient, timeout: 0.3 } : patient
  const { environment, context, finished, record } = await startWithHttpAgent(
    temporary.path,
    agent.port,
    bounds,
  )
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([{ error: { code, message: expect.stringMatching(problem) } }])
  expect(await record()).toMatchObject({ status: 'failed', error: expect.stringMatching(problem) })
  expect(agent.heads).toHaveLength(1)
  expect(finished).toEqual([])
})

test.each([
  ['breaks off', (socket: Socket) => socket.end(`${OK}Content-Length: 900\r\n\r\n${BEGINNING}`)],
  ['never ends', (socket: Socket) => void socket.write(`${OK}Content-Length: 900\r\n\r\n${BEGINNING}`)],
  [
    'is longer than is read',
    (socket: Socket) => flood(socket, `${OK}\r\n${BEGINNING.slice(0, -4)}`, 'x'.repeat(100_000)),
  ],
])('of an answer that %s, what came is kept', async (_what, behaviour) => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(behaviour)
  const { environment, context, read, record } = await startWithHttpAgent(temporary.path, agent.port, {
    timeout: 5,
  })
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(await record()).toMatchObject({ status: 'failed', exit_code: 7 })
  expect(await read('1.stdout')).toMatch(/^begin\nand "more"/)
})
