/**
 * Every code a stock {@link EvidenceWarning} can carry, with what it means; `docs/limits.md` has a heading for each, with
 * what helps.
 */
export const evidenceWarningCodes = {
  COMMAND_UNFINISHED: 'a command still ran when its guest ended, so that its exit code is not known',
  DISK_JOURNAL_PENDING: 'a file system was compared without the changes that were only in its journal',
  OUTPUT_LOST: 'output of a command, or its exit code, was lost in the guest',
  OUTPUT_TRUNCATED: 'a command printed more than was kept',
  WARNINGS_CUT: 'there were more warnings than are kept',
} as const

export type StockWarningCode = keyof typeof evidenceWarningCodes

/** A code of a hook that is not a stock one: its own name, a colon, and the code. */
export type OwnWarningCode = `${string}:${string}`

/** Says what evidence lacks: what was not looked at, not read, cut off or lost. */
export interface EvidenceWarning {
  readonly code: StockWarningCode | OwnWarningCode
  /** What is missing from the evidence, such as a partition, an interface or a file. */
  readonly what: string
  /** Why it is missing, and what helps where something does. */
  readonly why: string
  /** Where the code is explained; null for one that is not a stock code. */
  readonly limits: string | null
}

/** Makes a warning, with the place where its code is explained. */
export function evidenceWarning(code: EvidenceWarning['code'], what: string, why: string): EvidenceWarning {
  const limits = code in evidenceWarningCodes ? `docs/limits.md#${code.toLowerCase()}` : null
  return { code, what, why, limits }
}
