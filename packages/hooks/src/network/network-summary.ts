import type { EvidenceWarning } from '@see/core'
import { type Conversation, Conversations, type Endpoint, quotesAnother, routeOf } from './conversation.ts'
import { Counted } from './counted.ts'
import { dnsAnswers, type DnsMessage, dnsMessages } from './dns-answers.ts'
import { type AskedName, dnsQuestions, dnsQuestionsOverTcp } from './dns-questions.ts'
import { dnsTypeOf } from './dns-type.ts'
import { framePayload } from './frame-payload.ts'
import { type UnrecognizedRequest, unrecognizedRequests } from './unrecognized-requests.ts'
import type { Packet, PacketField } from './packet.ts'
import type { PacketSink } from './packet-lines.ts'
import { StreamGaps } from './stream-gaps.ts'
import { summaryWarnings } from './summary-warnings.ts'
import { type Unanalysed, unanalysed } from './unanalysed.ts'
import { UnreadContent } from './unread-content.ts'

/** What a guest can have of each kind in its summary. */
const LIMIT = 10_000
const ANSWERS = 100
/** RFC 8446. */
const CLIENT_HELLO = '1'
/** What a client of HTTP/2 says first looks like a request of this method: RFC 9113. */
const HTTP2_PREFACE = 'PRI'

interface DnsName {
  readonly name: string
  /** `A`, `AAAA`, …, or `TYPE` and a number. */
  readonly type: string
  /** How often it was asked for. */
  queries: number
  /** The numbers of the answers' response codes: 0 is success, 3 says that there is no such name. */
  readonly response_codes: number[]
  readonly answers: string[]
}

interface HttpRequest {
  readonly method: string
  /** As the guest gave it; null when it gave none. */
  readonly host: string | null
  readonly uri: string
  readonly user_agent: string | null
  readonly server: Endpoint
  requests: number
}

interface TlsName {
  /** As the client gave it; null when it gave none, or encrypted it. */
  readonly server_name: string | null
  readonly server: Endpoint
  connections: number
}

/** What `<identifier>_network.json` holds. */
export interface NetworkSummary {
  readonly trace: string
  readonly packets: number
  readonly bytes: number
  /** Whether there was more than is told: packets beyond the limit, or more of something than is read or kept. */
  readonly truncated: boolean
  readonly conversations: readonly Conversation[]
  readonly dns: readonly DnsName[]
  readonly http: readonly HttpRequest[]
  readonly tls: readonly TlsName[]
  /** What may be in any trace and is in no summary; which content of this one was not read is a warning. */
  readonly not_analysed: readonly Unanalysed[]
  /** What is not in this summary, and what the trace lacks. */
  readonly warnings: readonly EvidenceWarning[]
}

/** What is known of the trace beside its packets. */
export interface TraceFacts {
  readonly path: string
  /** Packets in it that were not read; null when there may be some. */
  readonly unread: number | null
  readonly warnings: readonly EvidenceWarning[]
}

/** The frames of the trace, one for each packet. */
interface Frames {
  next(): Buffer | undefined
}

/** What was found in a packet beside tshark. */
interface Found {
  readonly isKnown: boolean
  readonly isHttp2: boolean
}

const NOTHING: Found = { isKnown: false, isHttp2: false }

/** Makes a summary of packets, none of which it keeps; how much it keeps of them is bounded. */
export class Summary implements PacketSink {
  readonly #conversations = new Conversations(LIMIT)
  readonly #dns = new Counted<DnsName>(LIMIT)
  readonly #http = new Counted<HttpRequest>(LIMIT)
  readonly #tls = new Counted<TlsName>(LIMIT)
  readonly #streams = new StreamGaps()
  readonly #contents = new UnreadContent(LIMIT)
  readonly #frames: Frames | undefined
  #packets = 0
  #bytes = 0
  #skipped = 0
  #malformed = 0
  #cut = 0
  #frameless = 0

  /** @param frames without them there is only what tshark recognizes */
  constructor(frames?: Frames) {
    this.#frames = frames
  }

  add(packet: Packet): void {
    this.#packets++
    const frame = this.#nextFrame()
    this.#bytes += packet.number('frame.len')
    if (packet.first('_ws.malformed') !== undefined) this.#malformed++
    if (packet.number('frame.cap_len') < packet.number('frame.len')) this.#cut++
    this.#conversations.add(packet)
    if (quotesAnother(packet)) return
    addDns(this.#dns, packet)
    addHttp(this.#http, packet)
    addTls(this.#tls, packet)
    const isNew = this.#streams.add(packet)
    const found = frame === undefined ? NOTHING : this.#addUnrecognized(packet, frame, isNew)
    this.#contents.add(packet, found)
  }

  skip(): void {
    this.#packets++
    this.#skipped++
    this.#nextFrame()
  }

  #nextFrame(): Buffer | undefined {
    const frame = this.#frames?.next()
    if (frame === undefined && this.#frames !== undefined) this.#frameless++
    return frame
  }

  /** @param isNew whether the packet has data of a TCP connection that was not there before */
  #addUnrecognized(packet: Packet, frame: Buffer, isNew: boolean): Found {
    const payload = framePayload(frame)
    if (payload === undefined) return NOTHING
    const { protocol, bytes } = payload
    if (protocol === 'tcp' && !isNew) return NOTHING
    const asked = protocol === 'udp' ? dnsQuestions(bytes) : dnsQuestionsOverTcp(bytes)
    addQuestions(this.#dns, packet, asked)
    if (protocol === 'udp') return { isKnown: asked !== undefined, isHttp2: false }
    const { found: requests, isCut } = unrecognizedRequests(bytes)
    this.#http.full ||= isCut
    const isHttp2 = isUnreadHttp2(packet, requests)
    addUnrecognizedRequests(this.#http, packet, requests)
    return { isKnown: (asked?.length ?? 0) > 0 || requests.length > 0, isHttp2 }
  }

  of({ path, unread, warnings }: TraceFacts): NetworkSummary {
    const incomplete = this.#conversations.incomplete
    const conversations = this.#conversations.values
    const tables = {
      conversations: this.#conversations,
      dns: this.#dns,
      http: this.#http,
      tls: this.#tls,
      connections: this.#streams,
      contents: this.#contents,
    }
    const full = Object.entries(tables).flatMap(([name, { full: isFull }]) => (isFull ? [name] : []))
    return {
      trace: path,
      packets: this.#packets,
      bytes: this.#bytes,
      truncated: unread !== 0 || this.#skipped > 0 || full.length > 0,
      conversations,
      dns: this.#dns.values,
      http: this.#http.values,
      tls: this.#tls.values,
      not_analysed: unanalysed,
      warnings: [
        ...warnings,
        ...summaryWarnings({
          path,
          unread,
          full,
          skipped: this.#skipped,
          malformed: this.#malformed,
          frameless: this.#frameless,
          gaps: this.#streams.found,
          incomplete,
          contents: this.#contents,
          fragmentsBeyond: this.#conversations.fragmentsBeyond,
          cut: warnings.some(({ code }) => code === 'TRACE_PACKETS_CUT') ? 0 : this.#cut,
        }),
      ],
    }
  }
}

function addDns(names: Counted<DnsName>, packet: Packet): void {
  for (const message of dnsMessages(packet)) {
    message.questions.forEach((asked, index) => {
      const entry = dnsNameAt(names, asked.name, asked.type)
      if (entry === undefined) return
      if (!message.isResponse) entry.queries++
      // A message has one question at most: RFC 9619.
      else if (index === 0) addAnswer(names, entry, message, asked.name)
    })
  }
}

function dnsNameAt(names: Counted<DnsName>, asked: string, number: string | undefined): DnsName | undefined {
  const [name, type] = [short(asked), dnsTypeOf(number)]
  return names.at([name, type], () => ({ name, type, queries: 0, response_codes: [], answers: [] }))
}

function addAnswer(names: Counted<DnsName>, entry: DnsName, message: DnsMessage, asked: string): void {
  const { code, answers } = message
  if (Number.isInteger(code) && !entry.response_codes.includes(code)) entry.response_codes.push(code)
  for (const answer of dnsAnswers(answers, asked).map(short)) {
    if (entry.answers.includes(answer)) continue
    if (entry.answers.length >= ANSWERS) names.full = true
    else if (names.hasRoomFor(answer)) entry.answers.push(answer)
  }
}

/** What NetBIOS asks for looks like a name of DNS: RFC 1002. */
const NETBIOS_NAME = /^[A-P]{32}(\.|$)/

/** Questions that tshark takes for another protocol, or does not look for. */
function addQuestions(names: Counted<DnsName>, packet: Packet, asked: readonly AskedName[] = []): void {
  if (packet.all('dns.qry.name').length > 0) return
  const isNetbios = packet.first('frame.protocols')?.includes(':nbns') === true
  for (const { name: given, type: number } of asked) {
    if (isNetbios && NETBIOS_NAME.test(given)) continue
    const entry = dnsNameAt(names, given, number)
    if (entry !== undefined) entry.queries++
  }
}

/** tshark's fields of a request, of each version of HTTP. */
const HTTP_FIELDS = [
  { method: 'http.request.method', uri: 'http.request.uri', host: 'http.host', agent: 'http.user_agent' },
  {
    method: 'http2.headers.method',
    uri: 'http2.headers.path',
    host: 'http2.headers.authority',
    agent: 'http2.headers.user_agent',
  },
] as const

function addHttp(requests: Counted<HttpRequest>, packet: Packet): void {
  for (const fields of HTTP_FIELDS) {
    const methods = packet.all(fields.method)
    const valueAt = (field: PacketField, index: number) => valueFor(packet.all(field), index, methods.length)
    methods.forEach((method, index) => {
      const uri = packet.all(fields.uri)[index] ?? ''
      const [host, user_agent] = [valueAt(fields.host, index), valueAt(fields.agent, index)]
      addRequest(requests, packet, { method, uri, host, user_agent })
    })
  }
}

function addUnrecognizedRequests(
  requests: Counted<HttpRequest>,
  packet: Packet,
  found: readonly UnrecognizedRequest[],
): void {
  const [first] = found
  if (first === undefined || packet.all('http.request.method').includes(first.method)) return
  if (first.method === HTTP2_PREFACE && !isUnreadHttp2(packet, found)) return
  for (const each of found) addRequest(requests, packet, each)
}

/** Whether a client begins to speak HTTP/2 where tshark does not expect it. */
function isUnreadHttp2(packet: Packet, [first]: readonly UnrecognizedRequest[]): boolean {
  return first?.method === HTTP2_PREFACE && packet.first('frame.protocols')?.includes(':http2') !== true
}

function addRequest(requests: Counted<HttpRequest>, packet: Packet, given: UnrecognizedRequest): void {
  const server = routeOf(packet).destination
  const [method, uri] = [short(given.method), short(given.uri)]
  const [host, user_agent] = [optional(given.host), optional(given.user_agent)]
  const make = () => ({ method, host, uri, user_agent, server, requests: 0 })
  const entry = requests.at([method, host, uri, user_agent, server], make)
  if (entry !== undefined) entry.requests++
}

function addTls(names: Counted<TlsName>, packet: Packet): void {
  const server = routeOf(packet).destination
  const hellos = packet.all('tls.handshake.type').filter((type) => type === CLIENT_HELLO).length
  const given = packet.all('tls.handshake.extensions_server_name')
  for (let index = 0; index < Math.max(hellos, given.length); index++) {
    const server_name = optional(given[index])
    const entry = names.at([server_name, server], () => ({ server_name, server, connections: 0 }))
    if (entry !== undefined) entry.connections++
  }
}

/** Of several requests in one packet, one without a host makes it unclear which have which. */
function valueFor(values: readonly string[], index: number, count: number): string | undefined {
  return values.length === count ? values[index] : values[0]
}

function optional(text: string | undefined): string | null {
  return text === undefined ? null : short(text)
}

/** Names in the protocols are at most 255 bytes long; everything else is the guest's to choose. */
function short(text: string): string {
  // A copy: a slice would keep the whole.
  return text.length > 1024 ? `${Buffer.from(text.slice(0, 1024)).toString()}…` : text
}
