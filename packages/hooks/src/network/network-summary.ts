import type { EvidenceWarning } from '@see/core'
import { type Conversation, Conversations, quotesAnother } from './conversation.ts'
import { type DnsName, DnsNames } from './dns-names.ts'
import { dnsQuestions, dnsQuestionsOverTcp } from './dns-questions.ts'
import { framePayload } from './frame-payload.ts'
import { type HttpRequest, HttpRequests, isUnreadHttp2 } from './http-requests.ts'
import type { Packet } from './packet.ts'
import type { PacketSink } from './packet-lines.ts'
import type { ProbePackets } from './probe-packets.ts'
import { StreamGaps } from './stream-gaps.ts'
import { summaryWarnings } from './summary-warnings.ts'
import { type TlsName, TlsNames } from './tls-names.ts'
import { type Unanalysed, unanalysed } from './unanalysed.ts'
import { UnreadContent } from './unread-content.ts'
import { unrecognizedRequests } from './unrecognized-requests.ts'

/** What a guest can have of each kind in its summary. */
const LIMIT = 10_000

/** What `<identifier>_network.json` holds. */
export interface NetworkSummary {
  readonly trace: string
  readonly packets: number
  readonly bytes: number
  /** Whether there was more than is listed: packets beyond the limit, or more of something than is read or kept. */
  readonly truncated: boolean
  /** The packets of the probe of the isolation: among `packets`, and in nothing else that is listed. */
  readonly isolation_probe: { readonly packets: number; readonly bytes: number }
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
  readonly #dns = new DnsNames(LIMIT)
  readonly #http = new HttpRequests(LIMIT)
  readonly #tls = new TlsNames(LIMIT)
  readonly #streams = new StreamGaps()
  readonly #contents = new UnreadContent(LIMIT)
  readonly #frames: Frames | undefined
  readonly #probe: ProbePackets | undefined
  #packets = 0
  #bytes = 0
  #skipped = 0
  #malformed = 0
  #cut = 0
  #frameless = 0

  /**
   * @param frames without them there is only what tshark recognizes
   * @param probe what distinguishes the packets of the probe of the isolation from those of the sample
   */
  constructor(frames?: Frames, probe?: ProbePackets) {
    this.#frames = frames
    this.#probe = probe
  }

  add(packet: Packet): void {
    this.#packets++
    const frame = this.#nextFrame()
    this.#bytes += packet.number('frame.len')
    if (packet.first('_ws.malformed') !== undefined) this.#malformed++
    if (packet.number('frame.cap_len') < packet.number('frame.len')) this.#cut++
    if (this.#probe?.take(packet) === true) return
    this.#conversations.add(packet)
    if (quotesAnother(packet)) return
    this.#dns.add(packet)
    this.#http.add(packet)
    this.#tls.add(packet)
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
    this.#dns.addQuestions(packet, asked)
    if (protocol === 'udp') return { isKnown: asked !== undefined, isHttp2: false }
    const requests = unrecognizedRequests(bytes)
    this.#http.addUnrecognized(packet, requests)
    const isKnown = (asked?.length ?? 0) > 0 || requests.found.length > 0
    return { isKnown, isHttp2: isUnreadHttp2(packet, requests.found) }
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
      isolation_probe: { packets: this.#probe?.packets ?? 0, bytes: this.#probe?.bytes ?? 0 },
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
