import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { readUdp, udp } from './datagrams.ts'
import type { SinkholeRequest } from '../../contract/entry.ts'
import { ETHERTYPE, ethernet, type Ipv4, ipv4, PROTOCOL } from './packet.ts'
import { Sinkhole } from './sinkhole.ts'
import { FLAG, plus, type TcpSegment } from './tcp-segment.ts'
import { fakeCard } from './testing/fake-card.ts'

const GUEST = '10.200.0.15'
const HOST = '10.200.0.2'
const closing: Sinkhole[] = []

afterEach(() => {
  for (const sinkhole of closing.splice(0)) sinkhole.disconnect()
})

/** A guest's card on a sinkhole, and what came back to it. */
function guest() {
  const card = fakeCard(GUEST)
  const requests: SinkholeRequest[] = []
  const sinkhole = Sinkhole.inSubnet({ firstGuest: GUEST, host: HOST })
  closing.push(sinkhole)
  sinkhole.listen((request) => requests.push(request))
  sinkhole.connect(card.socket)
  return { ...card, sinkhole, requests }
}

const isDns = (request: SinkholeRequest) => request.kind === 'dns' && request.name === 'c2.example'

/** Opens a connection; returns the next sequence numbers of guest and sinkhole. */
async function open(
  { sendTcp, segments }: ReturnType<typeof guest>,
  to: string,
  ports: Partial<TcpSegment> = {},
) {
  sendTcp(to, { ...ports, sequence: 0xffff_fffe, flags: FLAG.syn })
  await expect.poll(() => segments().length).toBeGreaterThan(0)
  const answer = segments().at(-1)
  expect(answer).toMatchObject({ flags: FLAG.syn | FLAG.ack, acknowledged: 0xffff_ffff })
  return { sequence: 0xffff_ffff, acknowledged: plus(answer?.sequence ?? 0, 1) }
}

test('a connection’s numbers go round, segments come twice and out of order, and a request is read once', async () => {
  const card = guest()
  const { sequence, acknowledged } = await open(card, '203.0.113.1')
  const [first, second] = [Buffer.from('GET /a HTTP/1.1\r\nHost: x'), Buffer.from('\r\n\r\n')]
  const later = { sequence: plus(sequence, first.length), acknowledged, payload: second }
  card.sendTcp('203.0.113.1', later)
  card.sendTcp('203.0.113.1', { sequence, acknowledged, payload: first })
  card.sendTcp('203.0.113.1', { sequence, acknowledged, payload: first })
  card.sendTcp('203.0.113.1', later)
  await expect.poll(() => card.requests.length).toBe(2)
  expect(card.requests).toMatchObject([
    { kind: 'tcp', address: '203.0.113.1', port: 80 },
    { kind: 'http', method: 'GET', uri: '/a', headers: ['Host: x'] },
  ])
  const body = Buffer.concat(card.segments().map(({ payload }) => payload)).toString()
  expect(body).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*OK\n$/)
})

test('sends a guest no more than it has room for', async () => {
  const card = guest()
  const { sequence, acknowledged } = await open(card, '203.0.113.1', { window: 5 })
  card.sendTcp('203.0.113.1', {
    sequence,
    acknowledged,
    window: 5,
    payload: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  })
  const sent = () => Buffer.concat(card.segments().map(({ payload }) => payload))
  await expect.poll(() => sent().toString()).toBe('HTTP/')
  const room = { sequence: plus(sequence, 18), acknowledged: plus(acknowledged, 5), window: 3 }
  card.sendTcp('203.0.113.1', room)
  await expect.poll(() => sent().toString()).toBe('HTTP/1.1')
})

test('gives one address only, and refuses a guest that asks for another', async () => {
  const card = guest()
  const ask = (type: number, address: number[]) => {
    const message = Buffer.alloc(240)
    message.writeUInt8(1, 0)
    Buffer.from('63825363', 'hex').copy(message, 236)
    const options = Buffer.of(53, 1, type, 50, 4, ...address, 255)
    const payload = Buffer.concat([message, options])
    card.sendIp(udp('0.0.0.0', '255.255.255.255', { sourcePort: 68, port: 67, payload }))
  }
  ask(1, [10, 200, 0, 15])
  ask(3, [10, 200, 0, 15])
  ask(3, [10, 200, 0, 99])
  await expect.poll(() => card.packets().length).toBe(3)
  const types = card.packets().map((packet) => readUdp(packet)?.payload.readUInt8(242))
  expect(types).toEqual([2, 5, 6])
})

test('holds a flood of connections and names in bounds, and says what it refused', async () => {
  const card = guest()
  for (let port = 1; port <= 700; port++) card.sendTcp('203.0.113.1', { sourcePort: port, flags: FLAG.syn })
  await expect.poll(() => card.requests.length, { timeout: 5000 }).toBe(700)
  expect(card.requests.filter(({ kind }) => kind === 'tcp')).toHaveLength(512)
  const refused = card.requests.filter(({ kind }) => kind === 'refused')
  expect(refused).toHaveLength(188)
  expect(refused[0]).toMatchObject({ address: '203.0.113.1', port: 80 })
})

test('what a connection said before it was reset, or its guest ended, is on record', async () => {
  const card = guest()
  const say = async (to: string, text: string, ports: Partial<TcpSegment> = {}) => {
    const next = await open(card, to, ports)
    card.sendTcp(to, { ...ports, ...next, payload: Buffer.from(text) })
    return { ...ports, ...next, sequence: plus(next.sequence, text.length) }
  }
  card.sendTcp('203.0.113.1', { ...(await say('203.0.113.1', 'reset')), flags: FLAG.rst })
  card.sendTcp('203.0.113.2', {
    ...(await say('203.0.113.2', 'GET /r HTTP/1.1\r\nContent-Length: 9\r\n\r\n')),
    flags: FLAG.rst,
  })
  await say('203.0.113.3', 'ended')
  await say('203.0.113.4', 'no question', { port: 53 })
  // The guest asks nothing more.
  card.socket.destroy()
  const data = { kind: 'data', protocol: 'tcp' }
  const expected = [
    { ...data, address: '203.0.113.1', first_text: 'reset', bytes: 5 },
    { kind: 'http', address: '203.0.113.2', uri: '/r', body_bytes: 0 },
    { ...data, address: '203.0.113.3', first_text: 'ended' },
    { ...data, address: '203.0.113.4', port: 53, first_text: 'no question' },
  ]
  await expect
    .poll(() => card.requests.filter(({ kind }) => kind !== 'tcp'), { timeout: 500 })
    .toMatchObject(expected)
})

test('what comes over the port of DNS and is no question is immediately on record', async () => {
  const card = guest()
  const { sequence, acknowledged } = await open(card, '203.0.113.1', { port: 53 })
  card.sendTcp('203.0.113.1', { port: 53, sequence, acknowledged, payload: Buffer.from('\0\x05hello') })
  await expect.poll(() => card.requests, { timeout: 500 }).toHaveLength(2)
  expect(card.requests[1]).toMatchObject({ kind: 'data', port: 53, bytes: 7, first_text: '\0\x05hello' })
})

/** A message of DNS with questions of type A. */
function dnsQuery(...names: string[]): Buffer {
  const header = Buffer.from('123401000000000000000000', 'hex')
  header.writeUInt16BE(names.length, 4)
  const questions = names.map((name) => {
    const labels = name
      .split('.')
      .map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]))
    return Buffer.concat([...labels, Buffer.from('0000010001', 'hex')])
  })
  return Buffer.concat([header, ...questions])
}

test('every question of a DNS message is on record, and a message whose questions are not all read', async () => {
  const card = guest()
  const ask = (payload: Buffer) => card.sendIp(udp(GUEST, HOST, { sourcePort: 9, port: 53, payload }))
  ask(dnsQuery('one.example', 'two.example', 'three.example'))
  const cut = dnsQuery('four.example', 'five.example').subarray(0, -6)
  ask(cut)
  const to = '203.0.113.1'
  const next = await open(card, to, { port: 53 })
  const message = dnsQuery('six.example', 'seven.example')
  const length = Buffer.of(0, message.length)
  card.sendTcp(to, { ...next, port: 53, payload: Buffer.concat([length, message]) })
  const dns = { kind: 'dns', server: HOST, type: 1 }
  await expect
    .poll(() => card.requests)
    .toMatchObject([
      { ...dns, name: 'one.example', address: '198.18.0.1' },
      { ...dns, name: 'two.example', address: null },
      { ...dns, name: 'three.example', address: null },
      { ...dns, name: 'four.example', address: '198.18.0.2' },
      { kind: 'data', protocol: 'udp', port: 53, bytes: cut.length, first_hex: cut.toString('hex') },
      { kind: 'tcp', port: 53 },
      { ...dns, server: to, name: 'six.example', address: '198.18.0.3' },
      { ...dns, server: to, name: 'seven.example', address: null },
    ])
  const [answer] = card.packets().flatMap((packet) => readUdp(packet) ?? [])
  expect(answer?.payload.readUInt16BE(4)).toBe(1)
})

/** Stops the clock of what runs in this process; it goes on by hand. */
function stoppedClock() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  return { pass: (ms: number) => vi.advanceTimersByTime(ms), [Symbol.dispose]: () => vi.useRealTimers() }
}

/** Lets everything happen that waits for no clock. */
const settle = () => new Promise((settled) => setImmediate(settled))

test('a request whose headers come after a pause is on record as one', async () => {
  const card = guest()
  const to = '203.0.113.1'
  const next = await open(card, to)
  using clock = stoppedClock()
  const [line, headers] = [Buffer.from('GET /slow HTTP/1.1\r\n'), Buffer.from('Host: late.example\r\n\r\n')]
  card.sendTcp(to, { ...next, payload: line })
  await settle()
  clock.pass(5000)
  card.sendTcp(to, { ...next, sequence: plus(next.sequence, line.length), payload: headers })
  await settle()
  expect(card.requests).toMatchObject([
    { kind: 'tcp' },
    { kind: 'http', uri: '/slow', headers: ['Host: late.example'] },
  ])
})

test('a head that never ends is on record in time, and what comes after it is counted', async () => {
  const card = guest()
  const to = '203.0.113.1'
  const next = await open(card, to)
  using clock = stoppedClock()
  let sequence = next.sequence
  const say = async (text: string) => {
    card.sendTcp(to, { ...next, sequence, payload: Buffer.from(text) })
    sequence = plus(sequence, text.length)
    await settle()
    clock.pass(9000)
  }
  await say('GET /slow HTTP/1.1\r\n')
  for (let count = 0; count < 10; count++) await say('X: y\r\n')
  expect(card.requests).toMatchObject([{ kind: 'tcp' }, { kind: 'data', bytes: 20 + 6 * 6 }])
  card.sendTcp(to, { ...next, sequence, flags: FLAG.rst })
  await settle()
  expect(card.requests.slice(2)).toEqual([{ kind: 'rest', address: to, port: 80, bytes: 4 * 6 }])
})

test('what a connection carries beyond what is on record of it is counted', async () => {
  const card = guest()
  const to = '203.0.113.1'
  const next = await open(card, to)
  let sequence = next.sequence
  const say = (payload: Buffer) => {
    card.sendTcp(to, { ...next, sequence, payload })
    sequence = plus(sequence, payload.length)
  }
  say(Buffer.from('hello'))
  await expect.poll(() => card.requests, { timeout: 10_000 }).toHaveLength(2)
  say(Buffer.alloc(1000))
  say(Buffer.alloc(1000))
  card.sendTcp(to, { ...next, sequence, flags: FLAG.rst })
  await expect.poll(() => card.requests).toHaveLength(3)
  expect(card.requests.slice(1)).toMatchObject([
    { kind: 'data', bytes: 5 },
    { kind: 'rest', address: to, port: 80, bytes: 2000 },
  ])
})

test('a TLS record that never ends is on record in time', { timeout: 30_000 }, async () => {
  const card = guest()
  const next = await open(card, '203.0.113.1', { port: 443 })
  using clock = stoppedClock()
  card.sendTcp('203.0.113.1', { ...next, port: 443, payload: Buffer.of(22, 3, 1, 1, 0, 1) })
  // A key is made for the first connection, which takes its time.
  while (card.requests.length < 2) {
    await settle()
    clock.pass(1000)
  }
  expect(card.requests[1]).toMatchObject({
    kind: 'tls',
    port: 443,
    server_name: null,
    problem: 'the connection was not secure within 30 s',
  })
})

test('datagrams and pings in fragments are on record', async () => {
  const card = guest()
  const first = ({ payload, ...packet }: Ipv4) => {
    const bytes = ipv4({ ...packet, payload: payload.subarray(0, 1480) })
    bytes.writeUInt16BE(0x2000, 6)
    card.send(ethernet('52:55:0a:00:02:02', ETHERTYPE.ipv4, bytes))
  }
  const to = '203.0.113.9'
  first(udp(GUEST, to, { sourcePort: 9, port: 5000, payload: Buffer.alloc(3000, 'u') }))
  const echo = Buffer.alloc(4000)
  echo.writeUInt8(8, 0)
  first({ protocol: PROTOCOL.icmp, source: GUEST, destination: to, payload: echo })
  await expect.poll(() => card.requests, { timeout: 500 }).toHaveLength(2)
  const text = 'u'.repeat(256)
  expect(card.requests).toMatchObject([
    { kind: 'data', protocol: 'udp', address: to, port: 5000, bytes: 3000, first_text: text },
    { kind: 'ping', address: to },
  ])
})

test('a flood of frames leaves this process its time', async () => {
  const card = guest()
  const frame = ethernet(
    '52:55:0a:00:02:02',
    ETHERTYPE.ipv4,
    ipv4(udp(GUEST, HOST, { sourcePort: 9, port: 9, payload: Buffer.alloc(100) })),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  card.raw(Buffer.concat(Array.from({ length: 5000 }, () => Buffer.concat([length, frame]))))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await expect.poll(() => card.requests.length, { timeout: 10_000 }).toBe(5000)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

test('outlives whatever bytes a guest sends', async () => {
  const card = guest()
  for (let count = 0; count < 500; count++) {
    const noise = randomBytes(count)
    card.send(noise)
    card.send(ethernet('52:55:0a:00:02:02', ETHERTYPE.ipv4, noise))
    card.send(ethernet('52:55:0a:00:02:02', ETHERTYPE.arp, noise))
    for (const protocol of Object.values(PROTOCOL)) {
      card.sendIp({ protocol, source: GUEST, destination: HOST, payload: noise })
    }
    card.sendIp(udp(GUEST, HOST, { sourcePort: 9, port: 53, payload: noise }))
    card.sendIp(udp(GUEST, HOST, { sourcePort: 68, port: 67, payload: noise }))
  }
  const ask = Buffer.from('123401000001000000000000026332076578616d706c650000010001', 'hex')
  card.sendIp(udp(GUEST, HOST, { sourcePort: 9, port: 53, payload: ask }))
  await expect.poll(() => card.requests.some(isDns), { timeout: 10_000 }).toBe(true)
  // Longer than any frame.
  card.raw(Buffer.from('7fffffff', 'hex'))
  await expect.poll(() => card.socket.destroyed).toBe(true)
})

test('what a guest sends in a TLS connection that is none does not end it', { timeout: 30_000 }, async () => {
  const card = guest()
  const { sequence, acknowledged } = await open(card, '203.0.113.1', { port: 443 })
  card.sendTcp('203.0.113.1', {
    port: 443,
    sequence,
    acknowledged,
    // A whole record, so that nothing more is waited for, with no message of a handshake in it.
    payload: Buffer.concat([Buffer.of(22, 3, 1, 0, 195), Buffer.alloc(195, 0xff)]),
  })
  await expect
    .poll(() => card.requests, { timeout: 20_000 })
    .toContainEqual(
      expect.objectContaining({ kind: 'tls', server_name: null, problem: expect.stringMatching(/./) }),
    )
  await sleep(10)
  expect((await open(card, '203.0.113.2')).sequence).toBe(0xffff_ffff)
})

test('captures both ways, with the lengths of what is cut', async () => {
  const card = guest()
  const capture = card.sinkhole.capture({ snapLength: 64 }, false)
  card.sendIp(udp(GUEST, HOST, { sourcePort: 9, port: 9, payload: Buffer.alloc(500) }))
  await expect.poll(() => card.requests.length).toBe(1)
  await capture.stop()
  const pcap = Buffer.concat(await capture.packets.toArray())
  expect([pcap.readUInt32LE(), pcap.readUInt32LE(24 + 8), pcap.readUInt32LE(24 + 12)]).toEqual([
    0xa1b2c3d4, 64, 542,
  ])
  expect(pcap).toHaveLength(24 + 16 + 64)
  expect(capture.loss).toBeUndefined()
})
