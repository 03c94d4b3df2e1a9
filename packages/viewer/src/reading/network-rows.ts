import type { NetworkSummary } from '@see/evidence'
import type { Rate } from '../model/report-index.ts'
import type { ConversationRow, RequestRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'
import { packetRate } from './packet-rate.ts'

/** The part of a trace that is counted. */
const TRACE_BYTES = 128 * 1024 * 1024

interface Endpoint {
  readonly address: string
  readonly port?: number | undefined
}

function endpoint({ address, port }: Endpoint): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Conversations, with the names that the guest asked for or greeted. */
export function conversationRows(files: CaseFiles): ConversationRow[] {
  const { clock, bounds } = files
  const all = files.of('network_summary').flatMap(({ value, file }) => {
    const names = namesIn(value)
    return value.conversations.map((conversation) => ({ ...conversation, file, names }))
  })
  return bounds.rows('conversations', all).map(({ file, names, ...conversation }) => ({
    t: clock.ofEpoch(conversation.first * 1000),
    end: clock.ofEpoch(conversation.last * 1000),
    file,
    protocol: bounds.field(conversation.protocol),
    source: bounds.field(endpoint(conversation.source)),
    destination: bounds.field(endpoint(conversation.destination)),
    names: bounds.field([...(names.get(conversation.destination.address) ?? [])].join(', ')),
    packets: conversation.packets,
    bytes: conversation.bytes,
  }))
}

/** The names of each address: what it was the answer of, and what was greeted there. */
function namesIn({ dns, tls, http }: NetworkSummary): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  const add = (address: string, name: string | null): void => {
    if (name === null) return
    const known = names.get(address) ?? new Set()
    if (known.size < 10) names.set(address, known.add(name))
  }
  for (const { name, answers } of dns) for (const answer of answers) add(answer, name)
  for (const each of tls) add(each.server.address, each.server_name)
  for (const each of http) add(each.server.address, each.host)
  return names
}

/** What the summary of a trace has of names, pages and greetings; it has no times of theirs. */
export function summaryRequests(files: CaseFiles): RequestRow[] {
  const { bounds } = files
  const all = files.of('network_summary').flatMap(({ value, file }): RequestRow[] => [
    ...value.dns.map((each) => ({
      t: null,
      file,
      protocol: 'dns',
      what: `${each.type} ${each.name}`,
      server: '',
      detail: each.answers.length > 0 ? each.answers.join(', ') : codesIn(each.response_codes),
      count: each.queries,
    })),
    ...value.http.map((each) => ({
      t: null,
      file,
      protocol: 'http',
      what: `${each.method} ${each.host ?? ''}${each.uri}`,
      server: endpoint(each.server),
      detail: each.user_agent ?? '',
      count: each.requests,
    })),
    ...value.tls.map((each) => ({
      t: null,
      file,
      protocol: 'tls',
      what: each.server_name ?? 'without a name',
      server: endpoint(each.server),
      detail: '',
      count: each.connections,
    })),
  ])
  return bounds.rows('requests in the trace', all).map((row) => boundedRequest(row, bounds.field))
}

function codesIn(codes: readonly number[]): string {
  return codes.length === 0 ? 'no answer' : `no address; response codes ${codes.join(', ')}`
}

export function boundedRequest(row: RequestRow, field: (text: string) => string): RequestRow {
  return { ...row, what: field(row.what), server: field(row.server), detail: field(row.detail) }
}

/** Packets and bytes over time, from the first trace. */
export async function rateOf({ source, clock, bounds, ...files }: RateFiles): Promise<Rate | null> {
  const [trace, ...others] = files.traces
  if (trace === undefined) return null
  if (others.length > 0) bounds.omit('traces in the lane of packets', others.length)
  const bytes = await source.read(trace, TRACE_BYTES + 1)
  if (bytes === undefined) return null
  if (bytes.length > TRACE_BYTES) bounds.omit('ends of long traces in the lane of packets', 1)
  return packetRate(bytes, clock.started, clock.latest)
}

interface RateFiles extends Pick<CaseFiles, 'source' | 'clock' | 'bounds'> {
  /** Paths. */
  readonly traces: readonly string[]
}
