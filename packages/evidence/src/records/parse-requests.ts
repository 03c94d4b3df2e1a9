import { jsonLines } from '../common/json-lines.ts'
import { sinkholeRequestSchema, type SinkholeRequestLine } from './sinkhole-request.ts'

/** The longest record of requests that is read, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024

/** The requests of the guest to the sinkhole that could be read. */
export interface SinkholeRequests {
  readonly lines: readonly SinkholeRequestLine[]
  /** What could not be read, in words. */
  readonly missing: readonly string[]
}

/**
 * Reads the record of a sinkhole.
 * @param name the file's name, for errors
 * @throws EvidenceError `EVIDENCE_TOO_LONG`
 */
export function parseRequests(bytes: Uint8Array, name: string): SinkholeRequests {
  const { values, missing } = jsonLines(bytes, { name, mostBytes: MOST_BYTES })
  const lines: SinkholeRequestLine[] = []
  for (const { number, value } of values) {
    const parsed = sinkholeRequestSchema.safeParse(value)
    if (parsed.success) lines.push(parsed.data)
    else missing.add(`line ${number} of ${name}, which is no request`)
  }
  return { lines, missing: missing.all }
}
