import { EvidenceError } from '../common/evidence-error.ts'
import { jsonLines } from '../common/json-lines.ts'
import {
  TIMELINE_VERSION,
  type TimelineLine,
  timelineLineSchema,
  type VersionLine,
  versionLineSchema,
} from './timeline-line.ts'

/** The longest timeline that is read, in bytes. */
const MOST_BYTES = 512 * 1024 * 1024

/** The lines of a timeline that could be read. */
export interface Timeline {
  /** Its first line; undefined where that is lost, so that it is not known what `t` is counted from. */
  readonly version: VersionLine | undefined
  readonly lines: readonly TimelineLine[]
  /** What could not be read, in words. */
  readonly missing: readonly string[]
}

/**
 * Reads a timeline. The last line of a killed run may be torn; it is left out, which `missing` says.
 * @param name the file's name, for errors
 * @throws EvidenceError `EVIDENCE_NEWER`, `EVIDENCE_TOO_LONG`, or `EVIDENCE_INVALID` for a timeline of version 1, which
 * `upgrade` reads
 */
export function parseTimeline(bytes: Uint8Array, name = 'timeline.jsonl'): Timeline {
  const { values, missing } = jsonLines(bytes, { name, mostBytes: MOST_BYTES })
  const [first, ...rest] = values
  const version = versionOf(first?.value, name)
  const lines: TimelineLine[] = []
  for (const { number, value } of version === undefined ? values : rest) {
    const parsed = timelineLineSchema.safeParse(value)
    if (parsed.success) lines.push(parsed.data)
    else missing.add(`line ${number} of ${name}, which is no line of a timeline`)
  }
  if (version === undefined) missing.add(`the first line of ${name}, which says when it began`)
  return { version, lines, missing: missing.all }
}

function versionOf(first: unknown, name: string): VersionLine | undefined {
  const parsed = versionLineSchema.safeParse(first)
  if (parsed.success) return parsed.data
  if (typeof first !== 'object' || first === null || !('type' in first)) return undefined
  const version = 'version' in first ? first.version : undefined
  if (first.type === 'see-timeline' && typeof version === 'number' && version > TIMELINE_VERSION) {
    const message = `${name} has version ${version}; this SEE reads up to ${TIMELINE_VERSION}: use a newer one`
    throw new EvidenceError('EVIDENCE_NEWER', message)
  }
  if (first.type === 'event' && 'handlers' in first) {
    const message = `${name} is a timeline of version 1; read its folder by readEvidence`
    throw new EvidenceError('EVIDENCE_INVALID', message)
  }
  return undefined
}
