import { type Conversation, Conversations, type Endpoint, routeOf } from './conversation.ts'
import { Counted } from './counted.ts'
import { dnsTypeOf } from './dns-type.ts'
import type { Packet } from './packet.ts'
import type { PacketSink } from './packet-lines.ts'

/** What a guest can have of each kind in its summary. */
const LIMIT = 10_000
const ANSWERS = 100
const ANSWER_FIELDS = [
  'dns.cname',
  'dns.a',
  'dns.aaaa',
  'dns.ptr.domain_name',
  'dns.mx.mail_exchange',
  'dns.txt',
] as const

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
  readonly server_name: string
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
}

/** Makes a summary of packets, none of which it keeps; how much it keeps of them is bounded. */
export class Summary implements PacketSink {
  readonly #conversations = new Conversations(LIMIT)
  readonly #dns = new Counted<DnsName>(LIMIT)
  readonly #http = new Counted<HttpRequest>(LIMIT)
  readonly #tls = new Counted<TlsName>(LIMIT)
  #packets = 0
  #bytes = 0
  #skipped = false

  add(packet: Packet): void {
    this.#packets++
    this.#bytes += packet.number('frame.len')
    this.#conversations.add(packet)
    addDns(this.#dns, packet)
    addHttp(this.#http, packet)
    addTls(this.#tls, packet)
  }

  skip(): void {
    this.#packets++
    this.#skipped = true
  }

  /** @param truncated whether there are packets that it was not given */
  of(trace: string, truncated: boolean): NetworkSummary {
    const tables = [this.#conversations, this.#dns, this.#http, this.#tls]
    return {
      trace,
      packets: this.#packets,
      bytes: this.#bytes,
      truncated: truncated || this.#skipped || tables.some(({ full }) => full),
      conversations: this.#conversations.values,
      dns: this.#dns.values,
      http: this.#http.values,
      tls: this.#tls.values,
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
    if (isResponse) addAnswer(names, entry, packet)
    else entry.queries++
  })
}

function addAnswer(names: Counted<DnsName>, entry: DnsName, packet: Packet): void {
  const code = packet.number('dns.flags.rcode')
  if (Number.isInteger(code) && !entry.response_codes.includes(code)) entry.response_codes.push(code)
  for (const answer of ANSWER_FIELDS.flatMap((field) => packet.all(field)).map(short)) {
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
  for (const given of packet.all('tls.handshake.extensions_server_name')) {
    const server_name = short(given)
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
