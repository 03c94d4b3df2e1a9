import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { QmpClient } from './qmp-client.ts'
import { FakeServer } from './testing/fake-server.ts'

const greeting = `${JSON.stringify({ QMP: { version: {}, capabilities: [] } })}\r\n`

interface Command {
  readonly execute: string
  readonly id: number
}

/** A monitor that becomes ready, and answers everything else by `answer`. */
function monitor(answer: (socket: Socket, command: Command) => void): Promise<FakeServer> {
  return FakeServer.start(
    (socket, line) => {
      const command: Command = JSON.parse(line)
      if (command.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${command.id}}\r\n`)
      else answer(socket, command)
    },
    { greeting },
  )
}

test('gives each command its own answer, in whatever order and pieces they come', async () => {
  const waiting: Command[] = []
  await using server = await monitor((socket, command) => {
    waiting.push(command)
    if (waiting.length < 3) return
    const text = waiting
      .toReversed()
      .map(({ execute, id }) => `{"return": "${execute}", "id": ${id}}\r\n`)
      .join('')
    for (const half of [text.slice(0, 20), text.slice(20)]) socket.write(half)
  })
  const qmp = await QmpClient.connect(server.path)
  expect(await Promise.all(['a', 'b', 'c'].map((name) => qmp.execute(name)))).toEqual(['a', 'b', 'c'])
  qmp.close()
})

test('sends the arguments', async () => {
  await using server = await monitor((socket, { id }) => socket.write(`{"return": 1, "id": ${id}}\n`))
  const qmp = await QmpClient.connect(server.path)
  await qmp.execute('screendump', { filename: 'a' })
  expect(JSON.parse(server.received.at(-1) ?? '')).toMatchObject({
    execute: 'screendump',
    arguments: { filename: 'a' },
  })
  qmp.close()
})

test('throws what QEMU refuses, with its words, and goes on', async () => {
  await using server = await monitor((socket, { id, execute }) => {
    const error = { class: 'CommandNotFound', desc: 'no such thing' }
    socket.write(`${JSON.stringify(execute === 'bad' ? { id, error } : { id, return: 2 })}\n`)
  })
  const qmp = await QmpClient.connect(server.path)
  await expect(qmp.execute('bad')).rejects.toMatchObject({
    code: 'QMP_REFUSED',
    message: 'QEMU refused bad: no such thing (CommandNotFound)',
  })
  expect(await qmp.execute('good')).toBe(2)
  qmp.close()
})

test('reports events, beside and between answers', async () => {
  await using server = await monitor((socket, { id }) => {
    socket.write('{"event": "STOP", "data": {"a": 1}, "timestamp": {"seconds": 2, "microseconds": 500000}}\n')
    socket.write(`{"return": {}, "id": ${id}}\n{"event": "RESUME"}\n{"event": "LAST"}\n`)
  })
  const qmp = await QmpClient.connect(server.path)
  const events: unknown[] = []
  const last = new Promise<void>((resolve) => {
    const off = qmp.onEvent((event) => {
      events.push(event)
      if (event.event === 'RESUME') off()
    })
    qmp.onEvent(({ event }) => void (event === 'LAST' && resolve()))
  })
  await qmp.execute('stop')
  await last
  expect(events).toEqual([
    { event: 'STOP', data: { a: 1 }, timestampMs: 2500 },
    { event: 'RESUME', data: {}, timestampMs: 0 },
  ])
  qmp.close()
})

test('fails everyone who waits when the socket closes half way through an answer', async () => {
  await using server = await monitor((socket, { execute }) => {
    if (execute === 'second') socket.end('{"return"')
  })
  const qmp = await QmpClient.connect(server.path)
  const both = await Promise.allSettled([qmp.execute('first'), qmp.execute('second')])
  for (const result of both) expect(result).toMatchObject({ reason: { code: 'QMP_CLOSED' } })
  expect(both[0]).toMatchObject({ reason: { message: expect.stringContaining('first got no answer') } })
  expect((await qmp.closed).code).toBe('QMP_CLOSED')
  await expect(qmp.execute('third')).rejects.toMatchObject({ code: 'QMP_CLOSED' })
})

test.each([
  ['garbage', 'no JSON at all\n'],
  ['half a message', '{"return": \n'],
  ['a list', '[]\n'],
  ['something that is none of all', '{"what": 1}\n'],
])('takes %s for the end of the connection', async (_what, text) => {
  await using server = await monitor((socket) => socket.write(text))
  const qmp = await QmpClient.connect(server.path)
  await expect(qmp.execute('any')).rejects.toMatchObject({ code: 'QMP_PROTOCOL' })
})

test('takes no line that is too long', async () => {
  await using server = await monitor((socket) => socket.write('x'.repeat(17 * 1024 * 1024)))
  const qmp = await QmpClient.connect(server.path)
  await expect(qmp.execute('any')).rejects.toMatchObject({
    code: 'QMP_PROTOCOL',
    message: expect.stringMatching(/a line of more than \d+ bytes/),
  })
})

test('gives up a command at its timeout or when aborted, and drops its late answer', async () => {
  let late: (() => void) | undefined
  await using server = await monitor((socket, { execute, id }) => {
    const answer = () => socket.write(`{"return": "${execute}", "id": ${id}}\n`)
    if (execute === 'slow') late = answer
    else {
      late?.()
      answer()
    }
  })
  const qmp = await QmpClient.connect(server.path)
  await expect(qmp.execute('slow', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'QMP_TIMEOUT' })
  const abort = new AbortController()
  const aborted = qmp.execute('slow', {}, { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  expect(await qmp.execute('quick')).toBe('quick')
  qmp.close()
})

test('is not begun with a signal that has aborted already', async () => {
  await using silent = await FakeServer.start(() => undefined)
  const signal = AbortSignal.abort(new Error('enough'))
  for (const path of ['/nowhere/monitor', silent.path]) {
    await expect(QmpClient.connect(path, { signal })).rejects.toThrow('enough')
  }
  // What is no longer waited for may fail later.
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(silent.connections).toBe(0)
})

test('waits for a monitor, but not forever, nor for one that does not greet', async () => {
  await using silent = await FakeServer.start(() => undefined)
  for (const path of ['/nowhere/monitor', silent.path]) {
    await expect(QmpClient.connect(path, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'QMP_TIMEOUT' })
  }
  await expect(QmpClient.connect(`/${'x'.repeat(110)}`)).rejects.toThrow(/too long for a socket/)
})
