import { assertLength, type BoundedFile } from './assert-length.ts'
import { Missing } from './missing.ts'

/** The longest line that is read, in bytes. */
const MOST_LINE_BYTES = 8 * 1024 * 1024
const LINE_FEED = 10

interface JsonLine {
  /** Counted from 1. */
  readonly number: number
  readonly value: unknown
}

interface JsonLines {
  readonly values: readonly JsonLine[]
  readonly missing: Missing
}

/**
 * Reads lines of JSON. A last line without its end was being written when its writer was killed: it is left out.
 * @throws EvidenceError `EVIDENCE_TOO_LONG`
 */
export function jsonLines(bytes: Uint8Array, file: BoundedFile): JsonLines {
  assertLength(bytes, file)
  const decoder = new TextDecoder()
  const values: JsonLine[] = []
  const missing = new Missing()
  let number = 1
  for (let start = 0; start < bytes.length; number++) {
    const end = bytes.indexOf(LINE_FEED, start)
    if (end === -1) {
      missing.add(`the last line of ${file.name}, which was cut short`)
      break
    }
    const line = bytes.subarray(start, end)
    start = end + 1
    if (line.length === 0) continue
    const why = line.length > MOST_LINE_BYTES ? 'is too long' : readInto(values, number, decoder.decode(line))
    if (why !== undefined) missing.add(`line ${number} of ${file.name}, which ${why}`)
  }
  return { values, missing }
}

/** Why a line could not be read. */
function readInto(values: JsonLine[], number: number, line: string): string | undefined {
  try {
    values.push({ number, value: JSON.parse(line) })
    return undefined
  } catch {
    return 'is not JSON'
  }
}
