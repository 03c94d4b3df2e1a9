/**
 * Every code a stock {@link EvidenceWarning} can carry, with what it means; `docs/limits.md` has a heading for each, with
 * what helps.
 */
export const evidenceWarningCodes = {
  DISK_FILE_SYSTEM_DIRTY: 'a file system was compared that was in use, or has errors',
  DISK_JOURNAL_PENDING: 'a file system was compared without the changes that were only in its journal',
  DISK_NOT_COMPARED: 'the guest can write to another disk or folder, which no disk hook reads',
  DISK_PARTITION_NOT_COMPARED: 'what a partition or disk holds changed, and its files were not compared',
  DISK_TABLE_DAMAGED: 'partition tables are damaged or say different things',
  HIVE_CHANGES_CUT: 'there were more changes in a hive of the registry than are kept',
  HIVE_NOT_CLEAN: 'a hive of the registry was compared without the changes that were only in its log',
  HIVE_NOT_COMPARED: 'a hive of the registry was not compared, or not all of it',
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
