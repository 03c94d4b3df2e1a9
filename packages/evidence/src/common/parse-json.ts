import { assertLength, type BoundedFile } from './assert-length.ts'
import { EvidenceError } from './evidence-error.ts'

/**
 * Reads a file of JSON.
 * @throws EvidenceError `EVIDENCE_INVALID` or `EVIDENCE_TOO_LONG`
 */
export function parseJson(bytes: Uint8Array, file: BoundedFile): unknown {
  assertLength(bytes, file)
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new EvidenceError('EVIDENCE_INVALID', `${file.name} is not JSON: it may have been cut short`, {
      cause: error,
    })
  }
}
