import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { AGENT_HOST, answering, hostileAgent, portOf } from '../testing/hostile-agent.ts'
import { startWithHttpAgent } from '../testing/http-commands.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const done = { exit_code: 3, command_output: 'ü out\n' }

test('runs a command, with the record and the event of every channel', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering(done))
  const { environment, context, identifier, finished, read, record } = await startWithHttpAgent(
    temporary.path,
    agent.port,
  )
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
    lost: null,
    output_open: false,
    late_bytes: { stdout: 0, stderr: 0 },
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
  const posted: string[] = []
  await using agent = await hostileAgent((socket, head) => {
    const take = (part: string): void => {
      posted.push(part)
      if (posted.join('').length === content.length) answering(done)(socket, head)
    }
    // What came with the head is the beginning.
    take(head.slice(head.indexOf('\r\n\r\n') + 4))
    socket.on('data', take)
  })
  const { environment, context, finished, record } = await startWithHttpAgent(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_sample', { sample, command: 'start {sample}' })
  expect(context.failures).toEqual([])
  expect(agent.heads[0]).toMatch(
    /^POST \/\?command=start\+%7Bsample%7D&sample=a_sample\.exe&async=0 HTTP\/1\.1\r\n/,
  )
  expect(agent.heads[0]).toMatch(/\r\ncontent-length: 3000000\r\n/i)
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(createHash('sha256').update(posted.join(''), 'latin1').digest('hex')).toBe(sha256)
  expect(await record()).toMatchObject({ status: 'finished', sample, sha256, command: 'start {sample}' })
  expect(finished).toMatchObject([{ exit_code: 3, sample }])
})

test('a command in the background is recorded as running, since the agent reports no more', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering({ exit_code: null, command_output: 'Asynchronous call.' }))
  const { environment, context, finished, record } = await startWithHttpAgent(temporary.path, agent.port)
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
  const { environment, context, record } = await startWithHttpAgent(temporary.path, agent.port)
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(await record()).toMatchObject({ status: 'finished', exit_code: null, signal: 9 })
})

test('keeps no more output than configured', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering({ exit_code: 0, command_output: 'x'.repeat(5000) }))
  const { environment, context, read, record } = await startWithHttpAgent(temporary.path, agent.port, {
    output_limit: 99,
  })
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(await read('1.stdout')).toBe('x'.repeat(99))
  expect(await record()).toMatchObject({ truncated: true, exit_code: 0 })
})

test('a guest that does not take the sample is not waited for forever', async () => {
  await using temporary = await temporaryFolder()
  const sample = join(temporary.path, 'sample')
  await writeFile(sample, Buffer.alloc(20_000_000))
  await using agent = await hostileAgent((socket) => void socket.pause())
  const { environment, context, record } = await startWithHttpAgent(temporary.path, agent.port, {
    timeout: 0.5,
  })
  await using _ = environment
  await context.trigger('run_sample', { sample })
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_EXEC_TIMEOUT' } }])
  expect(await record()).toMatchObject({ status: 'failed' })
})

test('a command is cut off when its guest is', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(() => undefined)
  const { environment, context, record } = await startWithHttpAgent(temporary.path, agent.port)
  await using _ = environment
  const running = context.trigger('run_command', { command: 'sleep 60', async_flag: true })
  await expect.poll(() => agent.heads.length).toBe(1)
  context.domain.state = 'shutoff'
  await running
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await record()).toMatchObject({ status: 'running', error: expect.stringContaining('was shutoff') })
})

test('waits for the agent to listen, but not forever', async () => {
  await using temporary = await temporaryFolder()
  const server = createServer().listen(0, AGENT_HOST)
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  const { environment, context, record } = await startWithHttpAgent(temporary.path, port, {
    agent_timeout: 0.5,
  })
  await using _ = environment
  await context.trigger('run_command', { command: 'true' })
  expect(context.failures).toMatchObject([
    { error: { code: 'AGENT_UNRESPONSIVE', message: expect.stringContaining(`${AGENT_HOST} port ${port}`) } },
  ])
  expect(await record()).toMatchObject({ status: 'failed', started: null })
  const late = createServer((socket) => socket.once('data', () => answering(done)(socket, '')))
  setTimeout(() => late.listen(port, AGENT_HOST), 200)
  await context.trigger('run_command', { command: 'true' })
  late.close()
  expect(await record(2)).toMatchObject({ status: 'finished', exit_code: 3 })
})

test('the address of ip_address takes precedence over the configured one, until the guest is off', async () => {
  await using temporary = await temporaryFolder()
  await using agent = await hostileAgent(answering(done))
  const { environment, context, record } = await startWithHttpAgent(temporary.path, agent.port)
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
  const { environment, context } = await startWithHttpAgent(temporary.path, 1)
  await using _ = environment
  // @ts-expect-error: as a timer or another hook may fire it
  await context.trigger('ip_address', { address })
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#CommandsHook.hearAddress', error: { code: 'CONFIGURATION_INVALID' } },
  ])
})

test.each([
  [{ 'agent-host': '127.0.0.1' }, 'also give "agent-port"'],
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
