import type { EvidenceWarning } from '@see/core'
import { type Conversation, Conversations, type Endpoint, quotesAnother, routeOf } from './conversation.ts'
import { Counted } from './counted.ts'
import { dnsAnswers } from './dns-answers.ts'
import { dnsTypeOf } from './dns-type.ts'
import type { Packet } from './packet.ts'
import type { PacketSink } from './packet-lines.ts'
import { summaryWarnings } from './summary-warnings.ts'

/** What a guest can have of each kind in its summary. */
const LIMIT = 10_000
const ANSWERS = 100
/** RFC 8446. */
const CLIENT_HELLO = '1'

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

/** Makes a summary of packets, none of which it keeps; how much it keeps of them is bounded. */
export class Summary implements PacketSink {
  readonly #conversations = new Conversations(LIMIT)
  readonly #dns = new Counted<DnsName>(LIMIT)
  readonly #http = new Counted<HttpRequest>(LIMIT)
  readonly #tls = new Counted<TlsName>(LIMIT)
  #packets = 0
  #bytes = 0
  #skipped = 0
  #malformed = 0
  #cut = 0

  add(packet: Packet): void {
    this.#packets++
    this.#bytes += packet.number('frame.len')
    if (packet.first('_ws.malformed') !== undefined) this.#malformed++
    if (packet.number('frame.cap_len') < packet.number('frame.len')) this.#cut++
    this.#conversations.add(packet)
    if (quotesAnother(packet)) return
    addDns(this.#dns, packet)
    addHttp(this.#http, packet)
    addTls(this.#tls, packet)
  }

  skip(): void {
    this.#packets++
    this.#skipped++
  }

  of({ path, unread, warnings }: TraceFacts): NetworkSummary {
    const conversations = this.#conversations.values
    const tables = { conversations: this.#conversations, dns: this.#dns, http: this.#http, tls: this.#tls }
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
      warnings: [
        ...warnings,
        ...summaryWarnings({
          path,
          unread,
          full,
          skipped: this.#skipped,
          malformed: this.#malformed,
          cut: warnings.some(({ code }) => code === 'TRACE_PACKETS_CUT') ? 0 : this.#cut,
        }),
      ],
    }
  }
}

function addDns(names: Counted<DnsName>, packet: Packet): void {
  const isResponse = packet.first('dns.flags.response') === '1'
  const types = packet.all('dns.qry.type')
  packet.all('dns.qry.name').forEach((asked, index) => {
    const name = short(asked)
    const type = dnsTypeOf(types[index])
    const entry = names.at([name, type], () => ({ name, type, queries: 0, response_codes: [], answers: [] }))
    if (entry === undefined) return
    if (!isResponse) entry.queries++
    // A message has one question at most: RFC 9619.
    else if (index === 0) addAnswer(names, entry, packet)
  })
}

function addAnswer(names: Counted<DnsName>, entry: DnsName, packet: Packet): void {
  const code = packet.number('dns.flags.rcode')
  if (Number.isInteger(code) && !entry.response_codes.includes(code)) entry.response_codes.push(code)
  for (const answer of dnsAnswers(packet, packet.first('dns.qry.name') ?? '').map(short)) {
    if (entry.answers.includes(answer)) continue
    if (entry.answers.length >= ANSWERS) names.full = true
    else if (names.hasRoomFor(answer)) entry.answers.push(answer)
  }
}

function addHttp(requests: Counted<HttpRequest>, packet: Packet): void {
  const methods = packet.all('http.request.method')
  const uris = packet.all('http.request.uri')
  const server = routeOf(packet).destination
  methods.forEach((given, index) => {
    const method = short(given)
    const uri = short(uris[index] ?? '')
    const host = optional(valueFor(packet.all('http.host'), index, methods.length))
    const user_agent = optional(valueFor(packet.all('http.user_agent'), index, methods.length))
    const make = () => ({ method, host, uri, user_agent, server, requests: 0 })
    const entry = requests.at([method, host, uri, user_agent, server], make)
    if (entry !== undefined) entry.requests++
  })
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
