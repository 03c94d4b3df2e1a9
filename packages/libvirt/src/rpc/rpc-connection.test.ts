import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hypervisor } from '../objects/hypervisor.ts'
import type { HypervisorOptions } from '../connections/link.ts'
import { FakeDaemon } from '../testing/index.ts'
import type { FakeCall } from '../testing/index.ts'

let daemon: FakeDaemon
let hypervisor: Hypervisor
const slow = { intervalMs: 60_000, count: 5 }

beforeEach(async () => {
  daemon = await FakeDaemon.start()
})

afterEach(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

async function open(options: HypervisorOptions = { keepalive: slow }): Promise<Hypervisor> {
  hypervisor = await Hypervisor.open(daemon.uri, options)
  return hypervisor
}

/** Keeps calls of a procedure until there are as many as wanted. */
function collect(count: number): Promise<FakeCall<'DOMAIN_LOOKUP_BY_NAME'>[]> {
  const calls: FakeCall<'DOMAIN_LOOKUP_BY_NAME'>[] = []
  return new Promise((resolve) => {
    daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) => {
      calls.push(call)
      if (calls.length === count) resolve(calls)
    })
  })
}

const domainNamed = (name: string): { dom: { name: string; uuid: Buffer; id: number } } => ({
  dom: { name, uuid: Buffer.alloc(16), id: 1 },
})

describe('replies', () => {
  test('go to the call they answer, whatever their order', async () => {
    await open()
    const calls = collect(3)
    const names = Promise.all(['a', 'b', 'c'].map(async (n) => (await hypervisor.domainLookupByName(n)).name))
    const [a, b, c] = await calls
    c?.reply(domainNamed('C'))
    a?.reply(domainNamed('A'))
    b?.reply(domainNamed('B'))
    await expect(names).resolves.toEqual(['A', 'B', 'C'])
  })

  test('can come byte by byte', async () => {
    await open()
    daemon.on('CONNECT_GET_HOSTNAME', (call) => {
      const bytes = call.replyBytes({ hostname: 'host' })
      bytes.forEach((byte, i) => setTimeout(() => call.peer.send(Buffer.from([byte])), i))
    })
    await expect(hypervisor.getHostname()).resolves.toBe('host')
  })

  test('with file descriptors leave the packet after them whole', async () => {
    await open()
    daemon.on('CONNECT_GET_HOSTNAME', (call) =>
      call.peer.send(call.replyWithFdsBytes({ hostname: 'host' }, 3)),
    )
    await expect(hypervisor.getHostname()).resolves.toBe('host')
    await expect(hypervisor.getHostname()).resolves.toBe('host')
  })

  test("that are errors have the daemon's words", async () => {
    await open()
    daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) =>
      call.replyError({ code: 42, domain: 10, message: 'no such' }),
    )
    await expect(hypervisor.domainLookupByName('x')).rejects.toMatchObject({
      code: 'VIR_ERR_NO_DOMAIN',
      domain: 'VIR_FROM_QEMU',
      message: 'no such',
    })
  })

  test('with bytes left over fail their call and no other', async () => {
    await open()
    daemon.on('CONNECT_GET_TYPE', (call) =>
      call.peer.send(call.bytes(Buffer.from('0000000161000000ffffffff', 'hex'))),
    )
    daemon.on('CONNECT_GET_HOSTNAME', (call) => call.reply({ hostname: 'host' }))
    const failure = hypervisor.getType()
    await expect(failure).rejects.toMatchObject({ code: 'PROTOCOL' })
    await expect(failure).rejects.toHaveProperty('cause.message', '4 bytes left over after byte 8')
    await expect(hypervisor.getHostname()).resolves.toBe('host')
  })

  test('to calls that were never made end the connection', async () => {
    await open()
    daemon.on('CONNECT_GET_TYPE', (call) => {
      const reply = call.replyBytes({ type: 'x' })
      reply.writeUInt32BE(999, 20)
      call.peer.send(reply)
    })
    await expect(hypervisor.getType()).rejects.toThrow('a reply to call 999, which is not waiting')
  })
})

describe('a lost connection', () => {
  test('fails every waiter, queued ones too, and every later call', async () => {
    await open()
    const calls = collect(4)
    const outcomes = Promise.allSettled(Array.from({ length: 9 }, () => hypervisor.domainLookupByName('x')))
    const [first] = await calls
    first?.peer.socket.destroy()
    const codes = (await outcomes).map((o) => (o.status === 'rejected' ? o.reason.code : o.status))
    expect(codes).toEqual(Array.from({ length: 9 }, () => 'CONNECTION_LOST'))
    await expect(hypervisor.getHostname()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(hypervisor.closed).resolves.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test.each([1, 4, 20, 29])('in a packet, after %i bytes, is noticed', async (count) => {
    await open()
    daemon.on('CONNECT_GET_HOSTNAME', (call) => call.peer.cut(call.replyBytes({ hostname: 'host' }), count))
    await expect(hypervisor.getHostname()).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: `The libvirt daemon at ${daemon.socketPath} closed the connection.`,
    })
  })

  test.each([
    ['a length over the limit', Buffer.from('7fffffff', 'hex')],
    ['no protocol at all', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('follows %s', async (_, bytes) => {
    await open()
    daemon.on('CONNECT_GET_HOSTNAME', (call) => call.peer.send(bytes))
    await expect(hypervisor.getHostname()).rejects.toMatchObject({ code: 'PROTOCOL' })
    await expect(hypervisor.closed).resolves.toMatchObject({ code: 'PROTOCOL' })
  })
})

describe('close', () => {
  test('fails what waits, says goodbye and resolves `closed` without an error', async () => {
    await open()
    const calls = collect(1)
    const waiting = hypervisor.domainLookupByName('x')
    await calls
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await hypervisor.close()
    await rejected
    await expect(hypervisor.closed).resolves.toBeUndefined()
    expect(daemon.received).toContain('CONNECT_CLOSE')
    await expect(hypervisor.getHostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  })

  test('does not wait for a daemon that is hung', async () => {
    await open()
    daemon.on('CONNECT_CLOSE', () => {})
    const start = Date.now()
    await hypervisor.close()
    expect(Date.now() - start).toBeLessThan(3000)
  })
})

describe('calls in flight', () => {
  test('are four at most; the next starts when one is answered', async () => {
    await open()
    const calls: FakeCall<'DOMAIN_LOOKUP_BY_NAME'>[] = []
    daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) => calls.push(call))
    const all = Promise.all(Array.from({ length: 6 }, () => hypervisor.domainLookupByName('x')))
    await expect.poll(() => calls.length).toBe(4)
    await delay(20)
    expect(calls.length).toBe(4)
    calls[2]?.reply(domainNamed('x'))
    await expect.poll(() => calls.length).toBe(5)
    for (const call of calls) if (call !== calls[2]) call.reply(domainNamed('x'))
    await expect.poll(() => calls.length).toBe(6)
    calls[5]?.reply(domainNamed('x'))
    await expect(all).resolves.toHaveLength(6)
  })

  test('a signal takes a queued call out before the daemon hears of it', async () => {
    await open()
    const calls = collect(4)
    const running = Promise.all(Array.from({ length: 4 }, () => hypervisor.domainLookupByName('x')))
    const controller = new AbortController()
    const queued = hypervisor.getHostname({ signal: controller.signal })
    const started = await calls
    const reason = new Error('changed my mind')
    controller.abort(reason)
    await expect(queued).rejects.toBe(reason)
    for (const call of started) call.reply(domainNamed('x'))
    await running
    // What is sent in order is received in order: had it been sent, it would be there by now.
    daemon.on('CONNECT_GET_TYPE', (call) => call.reply({ type: 'x' }))
    await hypervisor.getType()
    expect(daemon.received).not.toContain('CONNECT_GET_HOSTNAME')
  })

  test('a signal gives up a running call; its reply is dropped and the connection lives', async () => {
    await open()
    const calls = collect(1)
    const controller = new AbortController()
    const running = hypervisor.domainLookupByName('x', { signal: controller.signal })
    const [call] = await calls
    controller.abort()
    await expect(running).rejects.toThrow('aborted')
    call?.reply(domainNamed('x'))
    daemon.on('CONNECT_GET_HOSTNAME', (next) => next.reply({ hostname: 'host' }))
    await expect(hypervisor.getHostname()).resolves.toBe('host')
  })

  test('a signal that has already fired sends nothing', async () => {
    await open()
    await expect(hypervisor.getHostname({ signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect(daemon.received).not.toContain('CONNECT_GET_HOSTNAME')
  })

  test('an argument that does not fit is refused before it is sent', async () => {
    await open()
    await expect(hypervisor.domainLookupByName('a\0b')).rejects.toMatchObject({ code: 'XDR' })
    expect(daemon.received).not.toContain('DOMAIN_LOOKUP_BY_NAME')
  })
})

describe('keepalive', () => {
  test("answers the daemon's pings", async () => {
    await open()
    daemon.peers[0]?.ping()
    daemon.peers[0]?.ping()
    await expect.poll(() => daemon.pongs).toBe(2)
  })

  test('a peer that falls silent is taken for dead', async () => {
    await open({ keepalive: { intervalMs: 20, count: 3 } })
    daemon.answersPings = false
    const waiting = hypervisor.getHostname()
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(waiting).rejects.toThrow('has been silent for 0.08 s')
    expect(daemon.pings).toBe(3)
  })

  test('a peer that answers pings may take its time over a call', async () => {
    await open({ keepalive: { intervalMs: 10, count: 2 } })
    daemon.on('CONNECT_GET_HOSTNAME', (call) => {
      setTimeout(() => call.reply({ hostname: 'host' }), 150)
    })
    await expect(hypervisor.getHostname()).resolves.toBe('host')
    expect(daemon.pings).toBeGreaterThan(3)
  })

  test('is left out where the daemon does not know it', async () => {
    daemon.on('CONNECT_SUPPORTS_FEATURE', (call) => call.reply({ supported: 0 }))
    await open({ keepalive: { intervalMs: 5, count: 2 } })
    await delay(40)
    expect(daemon.pings).toBe(0)
  })
})
