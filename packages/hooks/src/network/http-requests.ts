import { type Endpoint, routeOf } from './conversation.ts'
import { BoundedTally } from './bounded-tally.ts'
import type { Packet, PacketField } from './packet.ts'
import { shortText, shortTextOrNull } from './short-text.ts'
import type { UnrecognizedRequest, UnrecognizedRequests } from './unrecognized-requests.ts'

/** What a client of HTTP/2 says first looks like a request of this method: RFC 9113. */
const HTTP2_PREFACE = 'PRI'
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

export interface HttpRequest {
  readonly method: string
  /** As the guest gave it; null when it gave none. */
  readonly host: string | null
  readonly uri: string
  readonly user_agent: string | null
  readonly server: Endpoint
  requests: number
}

/** The requests that a guest made by HTTP. */
export class HttpRequests {
  readonly #requests: BoundedTally<HttpRequest>

  /** @param limit requests that are kept at most */
  constructor(limit: number) {
    this.#requests = new BoundedTally(limit)
  }

  /** Whether there was more than is kept. */
  get full(): boolean {
    return this.#requests.full
  }

  get values(): HttpRequest[] {
    return this.#requests.values
  }

  /** Adds what tshark found in a packet. */
  add(packet: Packet): void {
    for (const fields of HTTP_FIELDS) {
      const methods = packet.all(fields.method)
      const valueAt = (field: PacketField, index: number) =>
        valueFor(packet.all(field), index, methods.length)
      methods.forEach((method, index) => {
        const uri = packet.all(fields.uri)[index] ?? ''
        const [host, user_agent] = [valueAt(fields.host, index), valueAt(fields.agent, index)]
        this.#addRequest(packet, { method, uri, host, user_agent })
      })
    }
  }

  /** Adds requests that were found in a packet beside tshark, where tshark found none. */
  addUnrecognized(packet: Packet, { found, isCut }: UnrecognizedRequests): void {
    this.#requests.full ||= isCut
    const [first] = found
    if (first === undefined || packet.all('http.request.method').includes(first.method)) return
    if (first.method === HTTP2_PREFACE && !isUnreadHttp2(packet, found)) return
    for (const each of found) this.#addRequest(packet, each)
  }

  #addRequest(packet: Packet, given: UnrecognizedRequest): void {
    const server = routeOf(packet).destination
    const [method, uri] = [shortText(given.method), shortText(given.uri)]
    const [host, user_agent] = [shortTextOrNull(given.host), shortTextOrNull(given.user_agent)]
    const make = () => ({ method, host, uri, user_agent, server, requests: 0 })
    const entry = this.#requests.at([method, host, uri, user_agent, server], make)
    if (entry !== undefined) entry.requests++
  }
}

/** Whether a client begins to speak HTTP/2 where tshark does not expect it. */
export function isUnreadHttp2(packet: Packet, [first]: readonly UnrecognizedRequest[]): boolean {
  return first?.method === HTTP2_PREFACE && packet.first('frame.protocols')?.includes(':http2') !== true
}

/** If a packet has several requests and one has no host, it is unclear which host belongs to which. */
function valueFor(values: readonly string[], index: number, count: number): string | undefined {
  return values.length === count ? values[index] : values[0]
}
