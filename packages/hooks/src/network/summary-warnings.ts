import { type EvidenceWarning, evidenceWarning } from '@see/core'
import { type Route, textOfRoute } from './conversation.ts'

/** Connections and datagrams that a warning names. */
const NAMED = 10

interface SummaryFacts {
  /** The trace. */
  readonly path: string
  /** Packets beyond those that were read; null when there may be some. */
  readonly unread: number | null
  /** The tables of the summary that had no more room. */
  readonly full: readonly string[]
  /** Packets with more fields than are read. */
  readonly skipped: number
  readonly malformed: number
  /** Packets whose bytes were not read beside tshark. */
  readonly frameless: number
  /** TCP connections with a gap that was never filled. */
  readonly gaps: readonly { readonly name: string; readonly missing: number }[]
  /** Datagrams of which a fragment is missing. */
  readonly incomplete: readonly Route[]
  /** The conversations whose content was not read. */
  readonly contents: {
    readonly unknown: readonly Route[]
    readonly quic: readonly Route[]
    readonly unreadHttp2: readonly Route[]
  }
  /** Fragments of further datagrams. */
  readonly fragmentsBeyond: number
  /** Packets of which only the beginning is in the trace. */
  readonly cut: number
}

/** What a summary lacks of what is in its trace. */
export function summaryWarnings(facts: SummaryFacts): EvidenceWarning[] {
  const { path, unread, full, skipped, malformed, frameless, cut } = facts
  const found: EvidenceWarning[] = []
  const warn = (code: EvidenceWarning['code'], what: string, why: string) =>
    void found.push(evidenceWarning(code, what, why))
  if (unread !== 0) {
    const why = 'there are more than packet_limit; raise it'
    warn('NETWORK_PACKETS_UNREAD', `${unread ?? 'an unknown number of'} packets at the end of ${path}`, why)
  }
  if (skipped > 0) {
    const why = 'they have more fields than are read of one packet'
    warn('NETWORK_PACKETS_UNREAD', `${skipped} packets of ${path}`, why)
  }
  if (malformed > 0) {
    const why = 'they are not what their protocol says: a name or request in them may be missing'
    warn('NETWORK_PACKETS_MALFORMED', `parts of ${malformed} packets of ${path}`, why)
  }
  if (frameless > 0) {
    const why = 'the trace is not in the format that NetworkTracerHook writes'
    const what = `requests and names in ${frameless} packets of ${path} that tshark does not recognize`
    warn('NETWORK_PACKETS_UNREAD', what, why)
  }
  found.push(...gapWarnings(facts), ...contentWarnings(facts))
  if (cut > 0) {
    const why = 'only their beginnings are in the trace'
    warn('TRACE_PACKETS_CUT', `the ends of ${cut} packets of ${path}`, why)
  }
  if (full.length > 0) {
    const why = 'the guest made more of them than are kept; all are in the log and the trace'
    warn('NETWORK_SUMMARY_CUT', `entries of ${full.join(', ')} in the summary of ${path}`, why)
  }
  return found
}

function gapWarnings({ path, gaps, incomplete, fragmentsBeyond }: SummaryFacts): EvidenceWarning[] {
  const found: EvidenceWarning[] = []
  if (gaps.length > 0) {
    const names = listOf(gaps.map(({ name, missing }) => (missing > 0 ? `${name} (${missing} bytes)` : name)))
    const what = `what ${gaps.length} connections of ${path} carry behind a gap: ${names}`
    const why = 'bytes before it are not in the trace, so that it is not read, nor was it by its receiver'
    found.push(evidenceWarning('NETWORK_DATA_GAPS', what, why))
  }
  if (incomplete.length > 0 || fragmentsBeyond > 0) {
    const names = listOf(incomplete.map(textOfRoute))
    const more = fragmentsBeyond > 0 ? ` and up to ${fragmentsBeyond} others` : ''
    const what = `the content of ${incomplete.length} datagrams${more} in ${path}: ${names}`
    found.push(evidenceWarning('NETWORK_DATA_GAPS', what, 'not all of their fragments are in the trace'))
  }
  return found
}

function contentWarnings({ path, contents }: SummaryFacts): EvidenceWarning[] {
  const { unknown, quic, unreadHttp2 } = contents
  const warn = (code: EvidenceWarning['code'], routes: readonly Route[], what: string, why: string) => {
    const names = listOf(routes.map(textOfRoute))
    return routes.length === 0
      ? []
      : [evidenceWarning(code, `${what} of ${routes.length} conversations of ${path}: ${names}`, why)]
  }
  return [
    ...warn('NETWORK_CONTENT_UNKNOWN', unknown, 'the content', 'tshark does not recognize what they carry'),
    ...warn('NETWORK_REQUESTS_UNREAD', quic, 'requests', 'they speak QUIC, which is encrypted'),
    ...warn(
      'NETWORK_REQUESTS_UNREAD',
      unreadHttp2,
      'requests',
      'they speak HTTP/2 on a port on which tshark does not read it',
    ),
  ]
}

function listOf(names: readonly string[]): string {
  const more = names.length > NAMED ? `, and ${names.length - NAMED} more` : ''
  return `${names.slice(0, NAMED).join(', ')}${more}`
}
