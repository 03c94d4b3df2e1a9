import { type EvidenceWarning, evidenceWarning, type GuestInterfaces, SeeError } from '@see/core'
import type { CaptureResult } from './capture.ts'

/** What a trace lacks. */
export function traceWarnings(
  path: string,
  { budget, fileFailure, sources }: CaptureResult,
): EvidenceWarning[] {
  const { packets, beyond, cut, limitBytes } = budget
  const found: EvidenceWarning[] = []
  const warn = (code: EvidenceWarning['code'], what: string, why: string) =>
    void found.push(evidenceWarning(code, what, why))
  for (const { name, sentBefore, dropped, failure } of sources) {
    if (sentBefore !== 0) {
      const count = sentBefore === 'unknown' ? 'an unknown number of' : `up to ${sentBefore}`
      const why = `the guest had sent them on ${name} before the capture began`
      warn('TRACE_STARTED_LATE', `${count} packets before those in ${path}`, why)
    }
    if (dropped > 0) {
      const why = `they came faster on ${name} than they could be captured`
      warn('TRACE_PACKETS_LOST', `${dropped} packets of ${path}`, why)
    }
    if (failure !== undefined) warn('TRACE_CAPTURE_ENDED', `packets of ${name} in ${path}`, failure.message)
  }
  if (fileFailure !== undefined) warn('TRACE_CAPTURE_ENDED', `packets in ${path}`, fileFailure.message)
  if (beyond > 0) {
    const why = `the trace reached its limit of ${limitBytes} bytes; raise trace_limit`
    warn('TRACE_LIMIT_REACHED', `${beyond} packets after the first ${packets} of ${path}`, why)
  }
  if (cut > 0) {
    const why = 'they are longer than snap_length; raise it'
    warn('TRACE_PACKETS_CUT', `the ends of ${cut} of ${packets} packets in ${path}`, why)
  }
  return found
}

/** Warns of the interfaces that cannot be captured. */
export function untracedWarnings(path: string, { untraceable }: GuestInterfaces): EvidenceWarning[] {
  return untraceable.map(({ what, why }) =>
    evidenceWarning('INTERFACE_NOT_TRACED', `${what}: its packets are not in ${path}`, why),
  )
}

/** The failure to throw for a trace that is not whole; undefined when it is. */
export function traceFailure(path: string, result: CaptureResult): SeeError | undefined {
  const { budget, fileFailure, sources } = result
  if (budget.full) {
    return new SeeError(
      'GUEST_OUTPUT_LIMIT',
      `the trace ${path} reached its limit and ends there: ${budget.beyond} packets after that are not in it; raise trace_limit`,
    )
  }
  const failed = fileFailure ?? sources.find(({ failure }) => failure !== undefined)?.failure
  if (failed !== undefined) return failed
  const dropped = sources.reduce((sum, each) => sum + each.dropped, 0)
  if (dropped === 0) return undefined
  return new SeeError('TOOL_FAILED', `${dropped} packets are not in the trace ${path}: they came too fast`)
}
