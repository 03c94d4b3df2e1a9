import { EvidenceError } from './evidence-error.ts'

/** A file that is read as a whole, up to a bound. */
export interface BoundedFile {
  /** For errors. */
  readonly name: string
  /** The longest that is read. */
  readonly mostBytes: number
}

/** @throws EvidenceError `EVIDENCE_TOO_LONG` */
export function assertLength(bytes: Uint8Array, { name, mostBytes }: BoundedFile): void {
  if (bytes.length <= mostBytes) return
  throw new EvidenceError('EVIDENCE_TOO_LONG', `${name} has more than the ${mostBytes} bytes that are read`)
}
