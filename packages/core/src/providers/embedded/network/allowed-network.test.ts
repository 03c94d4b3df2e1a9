import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { pickGuestSubnet } from '../../../common/guest-subnet.ts'
import { readUdp, udp } from '../../sinkhole/datagrams.ts'
import { FLAG, plus, readTcp, type TcpSegment } from '../../sinkhole/tcp-segment.ts'
import { fakeCard } from '../../sinkhole/testing/fake-card.ts'
import { AllowedNetwork } from './allowed-network.ts'
import { assertConsistent, networkSchema } from '../configuration/network.ts'

const subnet = pickGuestSubnet()
const PLACE = subnet.address(100)
const closing: AllowedNetwork[] = []

afterEach(() => {
  for (const network of closing.splice(0)) network.disconnect()
})

type Allow = NonNullable<Parameters<typeof networkSchema.encode>[0]['allow']>

/** A guest's card and QEMU's own network, with what is allowed between them. */
function guest(allow: Allow, mode: 'restricted' | 'user' = 'restricted') {
  const card = fakeCard(subnet.firstGuest)
  const beyond = fakeCard(subnet.host)
  const network = AllowedNetwork.of(networkSchema.parse({ mode, allow }), subnet)
  if (network === undefined) throw new Error('nothing is allowed')
  closing.push(network)
  network.connect(card.socket, beyond.socket)
  const last = (sourcePort = 1000) => card.segments().findLast(({ port }) => port === sourcePort)
  return { ...card, beyond, last }
}

/** A server of this host, and the connections to it. */
async function target({ pauses = false } = {}) {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: pauses }, (socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { sockets, server, to: `127.0.0.1:${port}` }
}

/** Opens a connection; returns the next sequence numbers of guest and network. */
async function open({ sendTcp, last }: ReturnType<typeof guest>, ports: Partial<TcpSegment> = {}) {
  sendTcp(PLACE, { ...ports, sequence: 0xffff_fffe, flags: FLAG.syn })
  await expect.poll(() => last(ports.sourcePort)?.flags).toBe(FLAG.syn | FLAG.ack)
  const acknowledged = plus(last(ports.sourcePort)?.sequence ?? 0, 1)
  const next = { ...ports, sequence: 0xffff_ffff, acknowledged }
  sendTcp(PLACE, next)
  return next
}

const allowed = (to: string): Allow => [{ port: 80, to }]

test('refuses what leads nowhere, and another port of the address', async () => {
  const { to, server } = await target()
  server.close()
  await once(server, 'close')
  const card = guest(allowed(to))
  for (const port of [80, 81]) {
    card.sendTcp(PLACE, { sourcePort: port, port, sequence: 7, flags: FLAG.syn })
    await expect.poll(() => card.last(port)).toMatchObject({ flags: FLAG.rst | FLAG.ack, acknowledged: 8 })
  }
  expect(card.beyond.frames).toEqual([])
})

test('passes on that one side has ended, and what the other still says', async () => {
  const { to, sockets } = await target()
  const card = guest(allowed(to))
  const next = await open(card)
  card.sendTcp(PLACE, { ...next, payload: Buffer.from('all'), flags: FLAG.ack | FLAG.fin })
  await expect.poll(() => sockets.length).toBe(1)
  const [socket] = sockets
  let said = ''
  socket?.on('data', (chunk) => (said += String(chunk)))
  await once(socket ?? expect.fail(), 'end')
  expect(said).toBe('all')
  expect(card.last()?.flags).toBe(FLAG.ack)
  socket?.end('answer')
  await expect.poll(() => (card.last()?.flags ?? 0) & FLAG.fin).toBe(FLAG.fin)
  const answer = Buffer.concat(card.segments().map(({ payload }) => payload)).toString()
  expect(answer).toBe('answer')
  card.sendTcp(PLACE, { ...next, sequence: 4, acknowledged: plus(next.acknowledged, 'answer'.length + 1) })
  await expect.poll(() => socket?.closed).toBe(true)
  expect(card.segments().filter(({ flags }) => (flags & FLAG.rst) !== 0)).toEqual([])
})

test('passes on that one side has given up', async () => {
  const { to, sockets } = await target()
  const card = guest(allowed(to))
  await open(card)
  await expect.poll(() => sockets.length).toBe(1)
  sockets[0]?.resetAndDestroy()
  await expect.poll(() => (card.last()?.flags ?? 0) & FLAG.rst).toBe(FLAG.rst)
  const other = await open(card, { sourcePort: 1001 })
  await expect.poll(() => sockets.length).toBe(2)
  let code: unknown
  sockets[1]?.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
  card.sendTcp(PLACE, { ...other, flags: FLAG.rst })
  await expect.poll(() => code).toBe('ECONNRESET')
})

test('a guest whose other side does not read is held back, and loses nothing', async () => {
  const { to, sockets } = await target({ pauses: true })
  const card = guest(allowed(to))
  const next = await open(card)
  const content = randomBytes(16 * 1024 * 1024)
  const room = () => {
    const { acknowledged = 0, window = 0 } = card.last() ?? {}
    return { from: plus(acknowledged, -next.sequence), window }
  }
  let most = 0
  /** Sends as a guest does that heeds the window. */
  const feed = async () => {
    for (let idle = 0; idle < 50; ) {
      const { from, window } = room()
      const part = content.subarray(from, Math.min(from + window, from + 1460))
      if (part.length > 0) {
        const sequence = plus(next.sequence, from)
        card.frames.splice(0, card.frames.length - 1)
        card.sendTcp(PLACE, { ...next, sequence, payload: part })
      }
      await vi
        .waitUntil(() => room().from > from || room().window > window, { interval: 1, timeout: 20 })
        .catch(() => undefined)
      if (room().from > from || room().window >= 1460) idle = 0
      else idle++
      most = room().from
      if (most === content.length) return
    }
  }
  await feed()
  // The kernel's buffers and ours: not all of it.
  expect(room().window).toBeLessThan(1460)
  expect(most).toBeLessThan(content.length)
  const received: Buffer[] = []
  sockets[0]?.on('data', (chunk: Buffer) => received.push(chunk))
  sockets[0]?.resume()
  await expect.poll(() => room().window).toBeGreaterThan(1460)
  await expect.poll(() => Buffer.concat(received).equals(content.subarray(0, room().from))).toBe(true)
})

test('the other side is held back by a guest that does not read, and what is lost is sent again', async () => {
  const { to, sockets } = await target()
  const card = guest(allowed(to))
  const next = await open(card)
  await expect.poll(() => sockets.length).toBe(1)
  sockets[0]?.write(Buffer.alloc(64 * 1024 * 1024, 'x'))
  const sent = () =>
    card
      .segments()
      .filter(({ payload }) => payload.length > 0)
      .reduce((most, { sequence, payload }) => {
        return Math.max(most, plus(sequence, payload.length - next.acknowledged))
      }, 0)
  const first = () =>
    card.segments().filter(({ sequence, payload }) => sequence === next.acknowledged && payload.length > 0)
      .length
  await expect.poll(first, { timeout: 20_000 }).toBeGreaterThan(1)
  expect(sent()).toBeLessThanOrEqual(65_535)
  expect(sockets[0]?.writableLength).toBeGreaterThan(0)
  // One segment arrived, and the next is what is missing.
  card.sendTcp(PLACE, { ...next, acknowledged: plus(next.acknowledged, 1460), window: 0 })
  const again = () => card.segments().filter(({ sequence }) => sequence === plus(next.acknowledged, 1460))
  await expect.poll(() => again().length).toBeGreaterThan(1)
})

test('holds a flood of connections in bounds, and forgets those that the guest does not confirm', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { to, sockets } = await target()
  const card = guest(allowed(to))
  for (let port = 1; port <= 900; port++) card.sendTcp(PLACE, { sourcePort: port, flags: FLAG.syn })
  const refused = () => card.segments().filter(({ flags }) => (flags & FLAG.rst) !== 0).length
  await vi.waitUntil(() => refused() === 644 && sockets.length === 256, { timeout: 10_000 })
  vi.advanceTimersByTime(30_000)
  await vi.waitUntil(() => sockets.every(({ destroyed }) => destroyed), { timeout: 10_000 })
  vi.useRealTimers()
  await open(card, { sourcePort: 2000 })
})

test('a connection that is quiet stays, unless its guest does not know it any more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { to, sockets } = await target()
  const card = guest(allowed(to))
  card.sendTcp(PLACE, { sequence: 0xffff_fffe, flags: FLAG.syn })
  await vi.waitUntil(() => card.last() !== undefined, { timeout: 10_000 })
  const acknowledged = plus(card.last()?.sequence ?? 0, 1)
  card.sendTcp(PLACE, { sequence: 0xffff_ffff, acknowledged })
  await vi.waitUntil(() => sockets.length === 1, { timeout: 10_000 })
  await new Promise((settled) => setImmediate(settled))
  vi.advanceTimersByTime(3_600_000)
  expect(card.last()).toMatchObject({ flags: FLAG.ack, sequence: plus(acknowledged, -1) })
  expect(sockets[0]?.destroyed).toBe(false)
  card.sendTcp(PLACE, { sequence: 0xffff_ffff, flags: FLAG.rst })
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 10_000 })
})

/** A question for the address of a name. */
function dnsQuery(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`))
  const header = Buffer.from('123401000001000000000000', 'hex')
  return Buffer.concat([header, ...labels, Buffer.from('0000010001', 'hex')])
}

test('knows the names that are allowed, and leaves others to who may look them up', async () => {
  const allow: Allow = [{ name: 'One.example', port: 443 }]
  for (const mode of ['restricted', 'user'] as const) {
    const card = guest(allow, mode)
    const ask = (name: string) => {
      const question = { sourcePort: 9, port: 53, payload: dnsQuery(name) }
      card.sendIp(udp(subnet.firstGuest, subnet.nameServer, question))
    }
    const answers = () => card.packets().flatMap((packet) => readUdp(packet)?.payload ?? [])
    ask('oNE.example')
    await expect.poll(() => answers().length).toBe(1)
    const bytes = subnet.address(101).split('.').map(Number)
    expect(answers()[0]?.subarray(-4)).toEqual(Buffer.from(bytes))
    ask('two.example')
    if (mode === 'user') await expect.poll(() => card.beyond.packets().length).toBe(1)
    else {
      await expect.poll(() => answers().length).toBe(2)
      expect((answers()[1]?.readUInt16BE(2) ?? 0) & 15).toBe(3)
      expect(card.beyond.frames).toEqual([])
    }
  }
})

test('lends an address with a name server, and has QEMU’s own network lend it too', async () => {
  const card = guest([{ name: 'one.example', port: 80 }])
  const message = Buffer.concat([Buffer.alloc(236), Buffer.from('63825363350101ff', 'hex')])
  message.writeUInt8(1, 0)
  const discover = { sourcePort: 68, port: 67, payload: message }
  card.sendIp(udp('0.0.0.0', '255.255.255.255', discover))
  await expect.poll(() => card.beyond.packets().length).toBe(1)
  const offer = { sourcePort: 67, port: 68, payload: Buffer.from('of QEMU') }
  card.beyond.sendIp(udp(subnet.host, subnet.firstGuest, offer))
  card.beyond.sendTcp(subnet.firstGuest, {})
  await expect.poll(() => card.packets().length).toBe(2)
  const [answer] = card.packets()
  const options = answer === undefined ? undefined : readUdp(answer)?.payload.subarray(240)
  const nameServer = Buffer.from([6, 4, ...subnet.nameServer.split('.').map(Number)])
  expect(options?.includes(nameServer)).toBe(true)
})

test('leaves what is not allowed to QEMU’s own network', async () => {
  const { to } = await target()
  const card = guest(allowed(to))
  card.sendTcp(subnet.host, { flags: FLAG.syn })
  card.sendTcp('203.0.113.1', { flags: FLAG.syn })
  await expect
    .poll(() => card.beyond.packets().map(({ destination }) => destination))
    .toEqual([subnet.host, '203.0.113.1'])
  card.beyond.sendTcp(subnet.firstGuest, { sequence: 5 })
  await expect.poll(() => card.packets().map((packet) => readTcp(packet)?.sequence)).toEqual([5])
})

test.each<[string, object[], RegExp]>([
  ['nothing that it leads to', [{ port: 80 }], /needs .*to.* or .*name/],
  ['what is no name', [{ name: 'a b', port: 80 }], /must be a domain name/],
])('is refused with %s', (_what, allow, message) => {
  expect(() => networkSchema.parse({ allow })).toThrow(message)
})

test.each<[string, Allow, RegExp]>([
  [
    'a place twice',
    [
      { port: 80, to: 'a:1' },
      { port: 80, to: 'b:1' },
    ],
    /100:80 twice/,
  ],
  [
    'a name and port twice',
    [
      { name: 'a', port: 80 },
      { name: 'A', port: 80 },
    ],
    /101:80 twice/,
  ],
  [
    'a name at two addresses',
    [
      { name: 'a', address: 20, port: 1 },
      { name: 'a', address: 21, port: 2 },
    ],
    /name a/,
  ],
])('is refused with %s', (_what, allow, message) => {
  expect(() => assertConsistent(networkSchema.parse({ allow }))).toThrow(message)
})
