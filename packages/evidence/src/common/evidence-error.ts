/** Why evidence could not be read. */
export type EvidenceErrorCode =
  /** It is not what the format says it is. */
  | 'EVIDENCE_INVALID'
  /** There is none. */
  | 'EVIDENCE_ABSENT'
  /** There is that of several environments, and none is named. */
  | 'EVIDENCE_UNCLEAR'
  /** It was written by a newer SEE. */
  | 'EVIDENCE_NEWER'
  /** It is longer than is read. */
  | 'EVIDENCE_TOO_LONG'

/** Evidence that cannot be read; the message says which file, where in it, and what to do. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError'
  readonly code: EvidenceErrorCode

  constructor(code: EvidenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
