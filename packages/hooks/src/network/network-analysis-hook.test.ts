import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { withoutPrograms } from '../testing/fake-program.ts'
import { allocateAnalysis as allocate } from '../testing/network-analysis.ts'
import {
  clientHello,
  dnsAnswer,
  dnsMessage,
  dnsName,
  quotingFrame,
  tcpFrame,
  udpFragments,
  udpFrame,
  uint16,
} from '../testing/pcap.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { unanalysed } from './unanalysed.ts'

/** A payload in three segments, the last two the wrong way round. */
function split(ports: { sourcePort: number; port: number }, payload: Buffer): Buffer[] {
  return [
    tcpFrame(ports, payload.subarray(0, 5)),
    tcpFrame({ ...ports, sequence: 41 }, payload.subarray(40)),
    tcpFrame({ ...ports, sequence: 6 }, payload.subarray(5, 40)),
  ]
}

test('requests and names in TCP segments that come out of order are in the summary', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path)
  await using _ = environment
  const http = Buffer.from('GET /late HTTP/1.1\r\nHost: c2.example.org\r\nUser-Agent: bot/1.0\r\n\r\n')
  await trace([
    ...split({ sourcePort: 40_001, port: 8080 }, http),
    ...split({ sourcePort: 40_002, port: 443 }, clientHello('late.example.org')),
  ])
  await analyse()
  expect(context.failures).toEqual([])
  const { http: requests, tls } = await summary()
  expect(requests).toMatchObject([{ uri: '/late', host: 'c2.example.org' }])
  expect(tls).toMatchObject([{ server_name: 'late.example.org' }])
})

const dns = { sourcePort: 40_000, port: 53 }
const question = udpFrame(dns, dnsMessage(['c2', 'example', 'org']))
const answer = udpFrame(
  { sourcePort: 53, port: 40_000, back: true },
  dnsMessage(['c2', 'example', 'org'], [192, 0, 2, 7]),
)
const request = tcpFrame(
  { sourcePort: 40_001, port: 8080 },
  Buffer.from('GET /gate.php?id=7 HTTP/1.1\r\nHost: c2.example.org\r\nUser-Agent: bot/1.0\r\n\r\n'),
)

test('lists the conversations, DNS names and HTTP requests of a trace', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary, read } = await allocate(temporary.path)
  await using _ = environment
  const path = await trace([question, answer, request, question])
  await analyse()
  expect(context.failures).toEqual([])
  const bytes = [question, answer, question].reduce((sum, { length }) => sum + length, 0)
  expect(await summary()).toEqual({
    trace: path,
    packets: 4,
    isolation_probe: { packets: 0, bytes: 0 },
    bytes: bytes + request.length,
    truncated: false,
    conversations: [
      {
        protocol: 'udp',
        source: { address: '10.9.0.2', port: 40_000 },
        destination: { address: '10.9.0.1', port: 53 },
        packets: 3,
        bytes,
        first: 1_700_000_000,
        last: 1_700_000_003,
      },
      {
        protocol: 'tcp',
        source: { address: '10.9.0.2', port: 40_001 },
        destination: { address: '10.9.0.1', port: 8080 },
        packets: 1,
        bytes: request.length,
        first: 1_700_000_002,
        last: 1_700_000_002,
      },
    ],
    dns: [{ name: 'c2.example.org', type: 'A', queries: 2, response_codes: [0], answers: ['192.0.2.7'] }],
    http: [
      {
        method: 'GET',
        host: 'c2.example.org',
        uri: '/gate.php?id=7',
        user_agent: 'bot/1.0',
        server: { address: '10.9.0.1', port: 8080 },
        requests: 1,
      },
    ],
    tls: [],
    not_analysed: [...unanalysed],
    warnings: [],
  })
  const lines = (await read('.log')).split('\n')
  expect(lines).toHaveLength(5)
  expect(lines[0]).toMatch(
    /^ {4}1 1700000000\.000000000 10\.9\.0\.2 → 10\.9\.0\.1 DNS 74 Standard query 0x1234 A c2/,
  )
  expect(lines[2]).toContain('HTTP 128 GET /gate.php?id=7 HTTP/1.1')
})

const httpHead = (text: string) => Buffer.from(`${text} HTTP/1.1\r\nHost: c2.example\r\n`)
const address = (name: string, last: number) => ({ name, type: 1, data: Buffer.of(192, 0, 2, last) })
const texts = (...all: string[]) =>
  Buffer.concat(all.flatMap((text) => [Buffer.of(text.length), Buffer.from(text)]))

test('finds TLS and HTTP on ports that are another protocol’s, and a request whose body never ends', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path)
  await using _ = environment
  const body = Buffer.from('Content-Length: 100000\r\n\r\nabc')
  await trace([
    tcpFrame({ sourcePort: 1, port: 80 }, clientHello('on80.example')),
    tcpFrame({ sourcePort: 2, port: 8080 }, clientHello()),
    tcpFrame({ sourcePort: 3, port: 6667 }, Buffer.concat([httpHead('GET /irc'), Buffer.from('\r\n')])),
    tcpFrame({ sourcePort: 4, port: 80 }, Buffer.concat([httpHead('POST /endless'), body])),
  ])
  await analyse()
  expect(context.failures).toEqual([])
  const { tls, http: requests } = await summary()
  expect(tls).toEqual([
    { server_name: 'on80.example', server: { address: '10.9.0.1', port: 80 }, connections: 1 },
    { server_name: null, server: { address: '10.9.0.1', port: 8080 }, connections: 1 },
  ])
  expect(requests).toMatchObject([
    { method: 'GET', uri: '/irc', server: { port: 6667 } },
    { method: 'POST', uri: '/endless', server: { port: 80 } },
  ])
})

test('takes for answers what a response says of the name that was asked for, of every common type', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path)
  await using _ = environment
  const [srv, alias, text, binding, ns, plain] = [
    '_sip._tcp.a.example',
    'alias.example',
    'txt.example',
    'https.example',
    'zone.example',
    'plain.example',
  ]
  const messages = [
    dnsAnswer(
      { name: srv, type: 33 },
      [
        { name: srv, type: 33, data: Buffer.concat([uint16(1, 2, 5060), dnsName('sip.example')]) },
        address('forged.example', 66),
      ],
      [address('sip.example', 5)],
    ),
    dnsAnswer({ name: alias, type: 1 }, [
      { name: alias, type: 5, data: dnsName('Real.example') },
      address('real.example', 1),
      address('forged.example', 66),
    ]),
    dnsAnswer({ name: text, type: 16 }, [
      { name: text, type: 16, data: texts('one', 'two') },
      { name: text, type: 16, data: texts('three') },
    ]),
    dnsAnswer({ name: binding, type: 65 }, [
      { name: binding, type: 65, data: Buffer.concat([uint16(1), dnsName('svc.example')]) },
    ]),
    dnsAnswer(
      { name: ns, type: 2 },
      [{ name: ns, type: 2, data: dnsName('ns.example') }],
      [address('ns.example', 53)],
    ),
    dnsAnswer({ name: plain, type: 1 }, [address(plain, 9)]),
  ]
  await trace(messages.map((message) => udpFrame({ sourcePort: 53, port: 4000, back: true }, message)))
  await analyse()
  expect(context.failures).toEqual([])
  const answers = (await summary()).dns.map(({ name, type, answers: found }) => [name, type, found])
  expect(answers).toEqual([
    [srv, 'SRV', ['sip.example:5060']],
    [alias, 'A', ['Real.example', '192.0.2.1']],
    [text, 'TXT', ['one', 'two', 'three']],
    [binding, 'HTTPS', ['1 svc.example']],
    [ns, 'NS', ['ns.example']],
    [plain, 'A', ['192.0.2.9']],
  ])
})

test('separates the answers of several DNS messages in one segment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path)
  await using _ = environment
  const messages = ['one.example', 'two.example'].map((name, index) =>
    dnsAnswer({ name, type: 1 }, [address(name, index + 1)], [address('ns.example', 53)]),
  )
  const bytes = messages.flatMap((message) => [uint16(message.length), message])
  await trace([tcpFrame({ sourcePort: 53, port: 4000 }, Buffer.concat(bytes))])
  await analyse()
  expect(context.failures).toEqual([])
  expect((await summary()).dns).toMatchObject([
    { name: 'one.example', queries: 0, response_codes: [0], answers: ['192.0.2.1'] },
    { name: 'two.example', queries: 0, response_codes: [0], answers: ['192.0.2.2'] },
  ])
})

test('counts a question that an error message quotes once, and a fragmented datagram as one conversation', async () => {
  await using temporary = await temporaryFolder()
  const { environment, trace, analyse, summary } = await allocate(temporary.path)
  await using _ = environment
  const fragments = udpFragments({ sourcePort: 40_002, port: 9999 }, Buffer.alloc(2000))
  const lost = udpFragments({ sourcePort: 40_003, port: 9999 }, Buffer.alloc(2000))[0]
  await trace([question, quotingFrame(question), ...fragments, ...(lost === undefined ? [] : [lost])])
  await analyse()
  const { dns: names, conversations } = await summary()
  expect(names).toMatchObject([{ name: 'c2.example.org', queries: 1 }])
  const between = conversations.map(({ protocol, destination: { port }, packets }) => [
    protocol,
    port,
    packets,
  ])
  expect(between).toEqual([
    ['udp', 53, 1],
    ['icmp', undefined, 1],
    ['udp', 9999, 2],
    ['udp', undefined, 1],
  ])
})

test('says which parts of the trace it did not read, could not, or has no room for', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path, {
    packet_limit: 3,
  })
  await using _ = environment
  const malformed = udpFrame(
    { sourcePort: 53, port: 4000, back: true },
    Buffer.from('123481800001ffff0000000003626164', 'hex'),
  )
  const path = await trace([question, malformed, question, question, question])
  const capture = await readFile(path)
  // The length of the first packet on the wire: its end was not captured.
  capture.writeUInt32LE(1500, 24 + 12)
  await writeFile(path, capture)
  await analyse()
  const expected = [
    { code: 'NETWORK_PACKETS_UNREAD', what: expect.stringContaining('2 packets at the end of') },
    { code: 'NETWORK_PACKETS_MALFORMED', what: expect.stringContaining('parts of 1 packets') },
    { code: 'TRACE_PACKETS_CUT', what: expect.stringContaining('the ends of 1 packets') },
  ]
  const { truncated, warnings } = await summary()
  expect(truncated).toBe(true)
  expect(warnings).toMatchObject(expected)
  expect(context.warnings).toMatchObject(expected)
})

test('writes the log as JSON', async () => {
  await using temporary = await temporaryFolder()
  const { environment, trace, analyse, read } = await allocate(temporary.path, { log_format: 'json' })
  await using _ = environment
  await trace([question, request])
  await analyse()
  expect(JSON.parse(await read('.log'))).toMatchObject([
    { number: 1, protocol: 'DNS', source: '10.9.0.2', destination: '10.9.0.1', length: question.length },
    { number: 2, protocol: 'HTTP', info: 'GET /gate.php?id=7 HTTP/1.1' },
  ])
})

test('has nothing of the guest’s in its files that a terminal would obey, and nothing at length', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, read, summary } = await allocate(temporary.path)
  await using _ = environment
  const hostile = '\u001b]0;owned\u0007\r\u009b2J\u202e\u2028"\t'
  const uri = `/${'a'.repeat(3000)}`
  await trace([
    udpFrame(dns, dnsMessage([Buffer.from(hostile), 'org'])),
    tcpFrame({ sourcePort: 1, port: 80 }, Buffer.from(`GET ${uri} HTTP/1.1\r\nHost: ${hostile}\r\n\r\n`)),
  ])
  await analyse()
  expect(context.failures).toEqual([])
  for (const file of ['.log', '.json']) {
    expect((await read(file)).replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u)
  }
  expect((await read('.log')).split('\n')).toHaveLength(3)
  const { http, dns: names } = await summary()
  expect(names).toHaveLength(1)
  expect(http[0]?.uri.length).toBe(1025)
})

test('analyses no more packets than configured, and says so', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, summary } = await allocate(temporary.path, {
    packet_limit: 2,
  })
  await using _ = environment
  await trace([question, answer, request])
  await analyse()
  expect(context.failures).toEqual([])
  expect(await summary()).toMatchObject({ packets: 2, truncated: true, http: [] })
})

test('analyses each trace once, under numbers of their own', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, identifier, trace, analyse } = await allocate(temporary.path)
  await using _ = environment
  await trace([question], 'first.pcap')
  await analyse()
  await trace([request], 'second.pcap')
  await analyse()
  expect(context.failures).toEqual([])
  const files = (await evidenceIn(temporary.path)).filter((name) => name.startsWith(identifier))
  expect(files.toSorted()).toEqual(
    ['', '_2'].flatMap((number) => ['.json', '.log'].map((end) => `${identifier}_network${number}${end}`)),
  )
})

test('a trace that cannot be analysed keeps no other from it', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse, read } = await allocate(temporary.path)
  await using _ = environment
  const empty = await trace([], 'first.pcap')
  await trace([question], 'second.pcap')
  const third = await trace([], 'third.pcap')
  await analyse()
  expect(await read('_2.json')).toContain('c2.example.org')
  expect(context.failures).toHaveLength(1)
  for (const path of [empty, third]) expect(String(context.failures[0]?.error)).toContain(path)
})

test('a trace whose analysis was never started is a warning', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse } = await allocate(temporary.path)
  await trace([question], 'first.pcap')
  await analyse()
  const late = await trace([question], 'second.pcap')
  await environment.deallocate()
  expect(context.warnings).toMatchObject([
    { code: 'EVIDENCE_UNPROCESSED', what: `log and summary of ${late}`, limits: expect.any(String) },
  ])
})

test('does not hold the start of the analysis back', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, read } = await allocate(temporary.path)
  await using _ = environment
  await trace([question])
  await context.trigger('start_analysis')
  await expect(read('.json')).rejects.toMatchObject({ code: 'ENOENT' })
  await context.trigger('wait_analysis')
  expect(await read('.json')).toContain('c2.example.org')
})

test('waiting for what was not started is a failure', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path)
  await using _ = environment
  await context.trigger('wait_analysis')
  expect(context.failures).toMatchObject([{ event: 'wait_analysis', error: { code: 'HOOK_ORDER' } }])
})

test('starting without a trace, or before it is complete, is one failure', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, analyse } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  await analyse()
  await context.trigger('network_tracing_started', { path: '/somewhere/trace.pcap' })
  await analyse()
  const failure = { event: 'start_analysis', handler: '@see/hooks#NetworkAnalysisHook.startProcessing' }
  expect(context.failures).toMatchObject([
    { ...failure, error: { code: 'HOOK_ORDER', message: expect.stringContaining('no trace') } },
    { ...failure, error: { code: 'HOOK_ORDER', message: expect.stringContaining('still being written') } },
  ])
})

test('a trace without a packet is a failure, not an idle guest', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse } = await allocate(temporary.path)
  await using _ = environment
  const path = await trace([])
  await analyse()
  expect(context.failures).toMatchObject([
    { error: { code: 'TOOL_FAILED', message: expect.stringContaining(`no packet in ${path}`) } },
  ])
  expect(await evidenceIn(temporary.path)).toEqual(['trace.pcap'])
})

test.each([
  ['is cut short', (capture: Buffer) => capture.subarray(0, -3), /cut short/],
  ['is no capture', () => Buffer.from('hello world, this is no capture'), /isn't a capture file/],
  [
    'has fewer packets than were written',
    (capture: Buffer) => capture.subarray(0, 24 + 16 + 74),
    /1 packets.*has 2/,
  ],
])('a trace that %s is a failure', async (_how, change, message) => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse } = await allocate(temporary.path)
  await using _ = environment
  const path = await trace([question, answer])
  await writeFile(path, change(await readFile(path)))
  await analyse()
  expect(context.failures).toMatchObject([
    { error: { code: 'TOOL_FAILED', message: expect.stringMatching(message) } },
  ])
  expect(await evidenceIn(temporary.path)).toEqual(['trace.pcap'])
})

test('takes no longer than configured', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace, analyse } = await allocate(temporary.path, { timeout: 0.02 })
  await using _ = environment
  await trace([question])
  await analyse()
  expect(context.failures).toMatchObject([
    { error: { code: 'TOOL_FAILED', message: expect.stringContaining('bound in time; raise timeout') } },
  ])
  expect(await evidenceIn(temporary.path)).toEqual(['trace.pcap'])
})

test('is ended by the end of its environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, trace } = await allocate(temporary.path)
  await trace([question])
  await context.trigger('start_analysis')
  await environment.deallocate()
  expect(context.failures).toMatchObject([{ event: 'start_analysis', error: { code: 'CONTEXT_CLOSED' } }])
  expect(await evidenceIn(temporary.path)).toEqual(['trace.pcap'])
})

test('fails at set-up when tshark is missing, with the package to install', async () => {
  await using temporary = await temporaryFolder()
  await using _ = await withoutPrograms()
  await expect(allocate(temporary.path)).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code: 'TOOL_MISSING', message: expect.stringContaining('tshark') },
  })
})

test.each([[{ log_format: 'pdml' }], [{ packet_limit: 0 }], [{ timeout: 'long' }]])(
  'refuses the configuration %j',
  async (configuration) => {
    await using temporary = await temporaryFolder()
    await expect(allocate(temporary.path, configuration)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
    })
  },
)
