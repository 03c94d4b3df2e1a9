import { type EvidenceWarning, evidenceWarning } from '@see/core'

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
  /** Packets of which only the beginning is in the trace. */
  readonly cut: number
}

/** What a summary lacks of what is in its trace. */
export function summaryWarnings(facts: SummaryFacts): EvidenceWarning[] {
  const { path, unread, full, skipped, malformed, cut } = facts
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
