import { z } from 'zod'
import { EvidenceError } from '../common/evidence-error.ts'
import { parseJson } from '../common/parse-json.ts'

/** The longest record that is read, in bytes. */
const MOST_BYTES = 256 * 1024 * 1024

/**
 * Reads a file of JSON by its schema.
 * @param name the file's name, for errors
 * @throws EvidenceError `EVIDENCE_INVALID` or `EVIDENCE_TOO_LONG`
 */
export function parseRecord<Value>(schema: z.ZodType<Value>, bytes: Uint8Array, name: string): Value {
  const parsed = schema.safeParse(parseJson(bytes, { name, mostBytes: MOST_BYTES }))
  if (parsed.success) return parsed.data
  const message = `${name} is not what its kind holds: ${z.prettifyError(parsed.error)}`
  throw new EvidenceError('EVIDENCE_INVALID', message, { cause: parsed.error })
}
