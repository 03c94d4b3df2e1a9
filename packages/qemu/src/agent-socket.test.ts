import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { AgentSocket } from './agent-socket.ts'
import { FakeServer } from './testing/fake-server.ts'

/** An agent that synchronises, and answers everything else by `answer`. */
function agent(answer: (socket: Socket, line: string) => void): Promise<FakeServer> {
  return FakeServer.start((socket, line) => {
    if (line.includes('guest-sync-delimited')) synchronise(socket, line)
    else answer(socket, line)
  })
}

function synchronise(socket: Socket, line: string): void {
  const id = /"id":(\d+)/.exec(line)?.[1]
  socket.write(Buffer.from(`\xff{"return": ${id}}\n`, 'latin1'))
}

const reply = (socket: Socket, line: string) => void socket.write(`{"return": ${line}}\n`)

test('gives back the reply as it came, and synchronises only at first', async () => {
  await using server = await agent(reply)
  const channel = new AgentSocket(server.path)
  expect(await channel.command('1')).toBe('{"return": 1}')
  expect(await channel.command('2')).toBe('{"return": 2}')
  expect(server.received.map((line) => (line.includes('sync') ? 'sync' : line))).toEqual(['sync', '1', '2'])
  expect(server.received[0]).toMatch(/^\xff\{/)
  channel.close()
})

test('can be connected before anything is sent', async () => {
  await using server = await agent(reply)
  const channel = new AgentSocket(server.path)
  await channel.open(AbortSignal.timeout(5000))
  await expect.poll(() => server.connections).toBe(1)
  expect(server.received).toEqual([])
  expect(await channel.command('1')).toBe('{"return": 1}')
  expect(server.connections).toBe(1)
  channel.close()
})

test('sends one command at a time', async () => {
  await using server = await agent((socket, line) => void setTimeout(() => reply(socket, line), 10))
  const channel = new AgentSocket(server.path)
  const all = await Promise.all(['1', '2', '3'].map((line) => channel.command(line)))
  expect(all).toEqual(['{"return": 1}', '{"return": 2}', '{"return": 3}'])
  channel.close()
})

test('drops a late reply', async () => {
  let slow: Socket | undefined
  await using server = await FakeServer.start((socket, line) => {
    if (line === '1') slow = socket
    else if (!line.includes('sync')) reply(socket, line)
    else {
      slow?.write('{"return": "late"}\n')
      synchronise(socket, line)
    }
  })
  const channel = new AgentSocket(server.path)
  await expect(channel.command('1', { timeoutMs: 30 })).rejects.toMatchObject({ code: 'AGENT_TIMEOUT' })
  expect(await channel.command('2')).toBe('{"return": 2}')
  channel.close()
})

test('is not confused by what an agent says unasked', async () => {
  await using server = await agent((socket, line) => {
    reply(socket, line)
    setTimeout(() => socket.write('{"return": "unasked"}\n'), 20)
  })
  const channel = new AgentSocket(server.path)
  await channel.command('1')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await channel.command('2')).toBe('{"return": 2}')
  channel.close()
})

test.each([
  ['an old answer', '\xff{"return": 1}\n'],
  ['garbage', '\xff\xff{{{\n\n\xff[]\n'],
  ['an endless one', `\xff${'x'.repeat(100_000)}\n`],
])('finds its place behind %s', async (_what, before) => {
  await using server = await FakeServer.start((socket, line) => {
    if (line.includes('sync')) {
      socket.write(Buffer.from(before, 'latin1'))
      synchronise(socket, line)
    } else {
      reply(socket, line)
    }
  })
  const channel = new AgentSocket(server.path)
  expect(await channel.command('7')).toBe('{"return": 7}')
  channel.close()
})

test('bounds a reply, and goes on after it', async () => {
  await using server = await agent((socket, line) => {
    if (line === '1') socket.write(Buffer.alloc(11 * 1024 * 1024, 'x'))
    else reply(socket, line)
  })
  const channel = new AgentSocket(server.path)
  await expect(channel.command('1')).rejects.toMatchObject({
    code: 'AGENT_PROTOCOL',
    message: expect.stringContaining('more than 10485760 bytes'),
  })
  expect(await channel.command('2')).toBe('{"return": 2}')
  channel.close()
})

test('fails when the channel closes, and reconnects', async () => {
  await using server = await agent((socket, line) => {
    if (line === '1') socket.end('{"ret')
    else reply(socket, line)
  })
  const channel = new AgentSocket(server.path)
  await expect(channel.command('1')).rejects.toMatchObject({ code: 'AGENT_CLOSED' })
  expect(await channel.command('2')).toBe('{"return": 2}')
  channel.close()
})

test('leaves with the signal, and one that waited in line is not sent', async () => {
  await using server = await agent(() => undefined)
  const channel = new AgentSocket(server.path)
  const abort = new AbortController()
  const both = ['1', '2'].map((line) => channel.command(line, { signal: abort.signal }))
  const settled = Promise.allSettled(both)
  setTimeout(() => abort.abort(new Error('enough')), 50)
  for (const result of await settled) expect(result).toMatchObject({ reason: { message: 'enough' } })
  expect(server.received).not.toContain('2')
  channel.close()
})

test('can send what is not replied to', async () => {
  await using server = await agent((socket, line) => void (line !== '1' && reply(socket, line)))
  const channel = new AgentSocket(server.path)
  await channel.send('1')
  expect(await channel.command('2')).toBe('{"return": 2}')
  expect(server.received.filter((line) => line.includes('sync'))).toHaveLength(2)
  channel.close()
})

test('does not read what an agent sends unasked without end, and goes on once it stops', async () => {
  const flood = Buffer.alloc(1024 * 1024, '\n')
  let flooding = true
  let sent = 0
  const pour = (socket: Socket) => {
    if (!flooding) return
    sent += flood.length
    if (socket.write(flood)) setImmediate(pour, socket)
    else socket.once('drain', () => pour(socket))
  }
  await using server = await FakeServer.start((socket, line) => {
    if (line.includes('sync') && (sent === 0 || !flooding)) synchronise(socket, line)
    if (line === '1') setTimeout(pour, 20, socket)
    if (line === '1' || line === '3') reply(socket, line)
  })
  const channel = new AgentSocket(server.path)
  await channel.command('1')
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const { user, system } = process.cpuUsage(before)
  expect(sent).toBeLessThan(4 * 1024 * 1024)
  expect((user + system) / 1000).toBeLessThan(500)
  await expect(channel.command('2')).rejects.toMatchObject({
    code: 'AGENT_PROTOCOL',
    message: expect.stringContaining('without an answer'),
  })
  expect(sent).toBeLessThan(20 * 1024 * 1024)
  flooding = false
  await expect
    .poll(() => channel.command('3', { timeoutMs: 500 }).catch(() => undefined))
    .toBe('{"return": 3}')
  channel.close()
})

test('does not take what followed a reply for the next one', async () => {
  await using server = await agent((socket, line) => {
    socket.write(line === '1' ? '{"return": 1}\n{"return": "more"}\n' : `{"return": ${line}}\n`)
  })
  const channel = new AgentSocket(server.path)
  expect(await channel.command('1')).toBe('{"return": 1}')
  expect(await channel.command('2')).toBe('{"return": 2}')
  channel.close()
})
