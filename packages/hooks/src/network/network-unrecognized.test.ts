import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { NetworkSummary } from './network-summary.ts'
import { allocateAnalysis } from '../testing/network-analysis.ts'
import {
  clientHello,
  dnsMessage,
  dnsName,
  icmpFragments,
  synFrame,
  tcpFrame,
  udpFragments,
  udpFrame,
  uint16,
} from '../testing/pcap.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

async function summaryOf(packets: readonly Buffer[]) {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocateAnalysis(temporary.path)
  await using _ = environment
  await trace(packets)
  await analyse()
  expect(context.failures).toEqual([])
  const found = await summary()
  expect(context.warnings).toEqual(found.warnings)
  return found
}

const gapsIn = ({ warnings }: NetworkSummary) => warnings.filter(({ code }) => code === 'NETWORK_DATA_GAPS')

const get = (uri: string) => Buffer.from(`GET ${uri} HTTP/1.1\r\nHost: a.example\r\n\r\n`)

/** A connection with its beginning, and segments at offsets of its data. */
function connection(sourcePort: number, ...segments: [offset: number, payload: Buffer][]): Buffer[] {
  const ports = { sourcePort, port: 8080 }
  const first = 0xffff_fff0
  const sequence = (offset: number) => (first + 1 + offset) >>> 0
  return [
    synFrame({ ...ports, sequence: first }),
    ...segments.map(([offset, payload]) => tcpFrame({ ...ports, sequence: sequence(offset) }, payload)),
  ]
}

test('names connections with a gap that is never filled, behind which requests are not read', async () => {
  const summary = await summaryOf([
    ...connection(41_001, [0, get('/a')], [1000, get('/hidden')]),
    ...connection(41_002, [500, clientHello('hidden.example')]),
    // Without a beginning.
    tcpFrame({ sourcePort: 41_003, port: 8080, sequence: 100 }, get('/c')),
    tcpFrame({ sourcePort: 41_003, port: 8080, sequence: 20 }, get('/before')),
  ])
  expect(summary.http.map(({ uri }) => uri)).toEqual(['/a', '/c'])
  const missing = 1000 - get('/a').length
  expect(gapsIn(summary)).toMatchObject([
    {
      code: 'NETWORK_DATA_GAPS',
      what: expect.stringMatching(
        `^what 3 connections of .* carry behind a gap: tcp 10.9.0.2:41001 → 10.9.0.1:8080 \\(${missing} bytes\\), ` +
          'tcp 10.9.0.2:41002 → 10.9.0.1:8080 \\(500 bytes\\), tcp 10.9.0.2:41003 → 10.9.0.1:8080$',
      ),
      limits: 'docs/limits.md#network_data_gaps',
    },
  ])
})

test('does not warn of gaps in what an ordinary guest sends', async () => {
  const request = get('/once')
  const [first, second, third] = [request.subarray(0, 10), request.subarray(10, 20), request.subarray(20)]
  const { http, warnings } = await summaryOf([
    // Again, out of order, and again with more.
    ...connection(42_001, [0, first], [20, third], [0, first], [10, second], [0, request], [20, third]),
    // Kept alive, and begun before the trace.
    ...connection(42_002, [-1, Buffer.of(0)], [0, request], [request.length - 1, Buffer.of(0)]),
    tcpFrame({ sourcePort: 42_003, port: 8080, sequence: 499, flags: 16 }, Buffer.alloc(0)),
    tcpFrame({ sourcePort: 42_003, port: 8080, sequence: 500 }, request),
    // Never more than begun, and the port is used again.
    ...connection(42_004),
    synFrame({ sourcePort: 42_004, port: 8080, sequence: 77 }),
    tcpFrame({ sourcePort: 42_004, port: 8080, sequence: 78 }, request),
  ])
  expect(http).toMatchObject([{ uri: '/once', requests: 4 }])
  expect(warnings).toEqual([])
})

test('names no more than ten of the connections with a gap', async () => {
  const packets = Array.from({ length: 12 }, (_, index) => connection(index + 1, [9, get('/x')])).flat()
  const summary = await summaryOf(packets)
  expect(gapsIn(summary)).toMatchObject([
    { what: expect.stringMatching(/^what 12 connections .*, and 2 more$/) },
  ])
})

test('a datagram of which a fragment is missing is a warning; one in any order is none', async () => {
  const lost = udpFragments({ sourcePort: 5, port: 9999 }, Buffer.alloc(2000)).slice(0, 1)
  const { warnings } = await summaryOf(lost)
  expect(warnings).toMatchObject([
    {
      code: 'NETWORK_DATA_GAPS',
      what: expect.stringMatching(/^the content of 1 datagrams in .*: udp 10\.9\.0\.2 → 10\.9\.0\.1$/),
    },
  ])
  const whole = await summaryOf([
    ...icmpFragments(Buffer.concat([Buffer.of(8, 0, 0, 0, 0, 1, 0, 1), Buffer.alloc(3000)])).toReversed(),
    ...udpFragments({ sourcePort: 6, port: 9999 }, Buffer.alloc(2000)),
  ])
  expect(gapsIn(whole)).toEqual([])
  expect(whole.conversations.map(({ protocol, packets }) => [protocol, packets])).toEqual([
    ['icmp', 2],
    ['udp', 2],
  ])
})

test('finds requests of methods that HTTP does not have, and what follows them', async () => {
  const head = 'Host: b.example\r\nUser-Agent: odd/1\r\n'
  const odd = Buffer.concat([
    get('/first'),
    Buffer.from(`FOO /odd HTTP/1.1\r\n${head}Content-Length: 4\r\n\r\nbody`),
    get('/behind'),
  ])
  const { http } = await summaryOf([
    ...connection(43_001, [0, Buffer.from('x-Y_1 /lower HTTP/1.0\r\n\r\n')], [200, Buffer.of(1)]),
    // A request that is sent again is one.
    ...connection(43_002, [0, odd], [0, odd]),
    // No request: its line is not the first.
    ...connection(43_003, [0, Buffer.from('some text\r\n\r\nBAR / HTTP/1.1\r\n\r\n')]),
  ])
  expect(
    http.map(({ method, uri, host, user_agent, requests }) => [method, uri, host, user_agent, requests]),
  ).toEqual([
    ['x-Y_1', '/lower', null, null, 1],
    ['GET', '/first', 'a.example', null, 1],
    ['FOO', '/odd', 'b.example', 'odd/1', 1],
    ['GET', '/behind', 'a.example', null, 1],
  ])
})

test('of more requests in a segment than are looked at, the summary says that there are more', async () => {
  const all = Buffer.concat([...Array.from({ length: 100 }, (_, number) => get(`/${number}`)), get('/more')])
  const { truncated, warnings } = await summaryOf(connection(43_101, [0, all]))
  expect(truncated).toBe(true)
  expect(warnings).toMatchObject([
    { code: 'NETWORK_SUMMARY_CUT', what: expect.stringContaining('entries of http') },
  ])
})

test('finds a DNS question over whatever port, also where another protocol has it', async () => {
  const ports = [53, 123, 137, 443, 500, 1900, 4789, 5353, 5355, 40_000]
  const overTcp = dnsMessage(['tcp', 'example'])
  const { dns } = await summaryOf([
    ...ports.map((port) => udpFrame({ sourcePort: 3000, port }, dnsMessage([`p${port}`, 'example']))),
    ...connection(44_001, [0, Buffer.concat([uint16(overTcp.length), overTcp])]),
  ])
  expect(dns.map(({ name, type, queries }) => [name, type, queries])).toEqual([
    ...ports.map((port) => [`p${port}.example`, 'A', 1]),
    ['tcp.example', 'A', 1],
  ])
})

/** A frame of HTTP/2: RFC 9113. */
function http2Frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

test('finds requests of HTTP/2 in the clear, and that it is spoken where tshark does not expect it', async () => {
  const authority = Buffer.from('h2.example')
  // GET, http, a path and an authority: RFC 7541.
  const headers = Buffer.concat([
    Buffer.of(0x82, 0x86, 0x44, 3),
    Buffer.from('/h2'),
    Buffer.of(0x41, authority.length),
    authority,
  ])
  const hello = Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    http2Frame(4, 0, 0, Buffer.alloc(0)),
  ])
  const both = Buffer.concat([hello, http2Frame(1, 5, 1, headers)])
  const elsewhere = { sourcePort: 45_002, port: 9999 }
  const { http, warnings } = await summaryOf([
    ...connection(45_001, [0, both]),
    synFrame({ ...elsewhere, sequence: 0 }),
    tcpFrame({ ...elsewhere, sequence: 1 }, both),
  ])
  expect(http.map(({ method, uri, host, server }) => [method, uri, host, server.port])).toEqual([
    ['GET', '/h2', 'h2.example', 8080],
    ['PRI', '*', null, 9999],
  ])
  expect(warnings).toMatchObject([
    {
      code: 'NETWORK_REQUESTS_UNREAD',
      what: expect.stringMatching(/^requests of 1 conversations of .*: tcp 10.9.0.2:45002 → 10.9.0.1:9999$/),
      why: expect.stringContaining('HTTP/2'),
      limits: 'docs/limits.md#network_requests_unread',
    },
  ])
})

test('does not take what is no DNS question for one', async () => {
  const netbios = Buffer.concat([
    Buffer.from('123401100001000000000000', 'hex'),
    dnsName('FHEPFCELEHFCEPFFFACACACACACACABL'),
    uint16(32, 1),
  ])
  const { dns, warnings } = await summaryOf([
    udpFrame({ sourcePort: 137, port: 137 }, netbios),
    udpFrame({ sourcePort: 123, port: 123 }, Buffer.concat([Buffer.of(0x23), Buffer.alloc(47)])),
    udpFrame({ sourcePort: 9, port: 40_001 }, Buffer.concat([dnsMessage(['more', 'example']), Buffer.of(1)])),
    udpFrame({ sourcePort: 9, port: 40_002 }, Buffer.alloc(60)),
  ])
  expect(dns.map(({ name }) => name).filter((name) => name !== 'more.example')).toEqual([])
  expect(warnings.map(({ code }) => code)).toEqual(['NETWORK_CONTENT_UNKNOWN'])
})

test('conversations are named whose content nothing recognizes, and those of QUIC', async () => {
  const own = { sourcePort: 46_001, port: 9999 }
  const beacon = Buffer.from([0xfe, 0xed, 0xfa, 0xce, 0, 1, 2, 3])
  const version = Buffer.of(0xc3, 0, 0, 0, 1)
  const connections = Buffer.concat([Buffer.of(8), Buffer.alloc(8, 7), Buffer.of(0, 0, 0x44, 0x90)])
  const initial = Buffer.concat([version, connections, Buffer.alloc(0x490, 9)])
  const question = dnsMessage(['asked', 'example'])
  const { warnings, not_analysed } = await summaryOf([
    synFrame({ ...own, sequence: 0 }),
    tcpFrame({ ...own, sequence: 1 }, beacon),
    udpFrame({ sourcePort: 46_002, port: 9998 }, beacon),
    udpFrame({ sourcePort: 9998, port: 46_002, back: true }, beacon),
    udpFrame({ sourcePort: 46_003, port: 443 }, initial),
    // Nothing is said here, or it is known by who reads beside tshark, or in another packet.
    synFrame({ sourcePort: 46_004, port: 9999, sequence: 0 }),
    udpFrame({ sourcePort: 46_005, port: 9997 }, question),
    udpFrame({ sourcePort: 9997, port: 46_005, back: true }, beacon),
    ...connection(46_006, [0, get('/a')]),
  ])
  const named = warnings.filter(({ code }) => code !== 'NETWORK_PACKETS_MALFORMED')
  expect(named).toMatchObject([
    {
      code: 'NETWORK_CONTENT_UNKNOWN',
      what: expect.stringMatching(
        /^the content of 2 conversations of .*: tcp 10.9.0.2:46001 → 10.9.0.1:9999, udp 10.9.0.2:46002 → 10.9.0.1:9998$/,
      ),
      limits: 'docs/limits.md#network_content_unknown',
    },
    {
      code: 'NETWORK_REQUESTS_UNREAD',
      what: expect.stringMatching(/^requests of 1 conversations of .*: udp 10.9.0.2:46003 → 10.9.0.1:443$/),
      why: expect.stringContaining('QUIC'),
    },
  ])
  const limits = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8')
  for (const kind of not_analysed) expect(limits).toContain(`| \`${kind}\` |`)
})
