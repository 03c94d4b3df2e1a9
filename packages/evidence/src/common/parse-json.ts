import { EvidenceError } from './evidence-error.ts'

interface JsonFile {
  /** For errors. */
  readonly name: string
  /** The longest that is read. */
  readonly mostBytes: number
}

/**
 * Reads a file of JSON.
 * @throws EvidenceError `EVIDENCE_INVALID` or `EVIDENCE_TOO_LONG`
 */
export function parseJson(bytes: Uint8Array, { name, mostBytes }: JsonFile): unknown {
  if (bytes.length > mostBytes) {
    throw new EvidenceError('EVIDENCE_TOO_LONG', `${name} has more than the ${mostBytes} bytes that are read`)
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new EvidenceError('EVIDENCE_INVALID', `${name} is not JSON: it may have been cut short`, {
      cause: error,
    })
  }
}
