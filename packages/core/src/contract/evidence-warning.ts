/**
 * Every code a stock {@link EvidenceWarning} can carry, with what it means; `docs/limits.md` has a heading for each, with
 * what helps.
 */
export const evidenceWarningCodes = {
  AGENT_MISBEHAVED: 'the guest’s agent sent invalid data, so that its answer is missing',
  AGENT_SILENT: 'the guest’s agent stopped answering while its guest ran, and a command’s end was not learnt',
  COMMAND_UNFINISHED: 'a command still ran when its guest ended, so that its exit code is not known',
  CONSOLE_CLOSED: 'a console closed while its guest ran on',
  CONSOLE_CUT: 'a guest wrote more to its console than is kept',
  CONSOLE_MISSING: 'the guest has no console to log',
  DISK_CHANGES_CUT: 'more files changed on a disk than are kept',
  DISK_FILES_NOT_EXTRACTED: 'files that changed were not kept, since too much was extracted',
  DISK_FILES_NOT_LISTED: 'directories were not listed, since there are too many or they are too deep',
  DISK_FILES_NOT_READ: 'the content of files was not read',
  DISK_FILE_SYSTEM_DIRTY: 'a file system was compared that was in use, or has errors',
  DISK_JOURNAL_PENDING: 'a file system was compared without the changes that were only in its journal',
  DISK_NAMES_UNCLEAR: 'names of files have characters that are not known',
  DISK_NOT_COMPARED: 'the guest can write to another disk or folder, which no disk hook reads',
  DISK_PARTITION_NOT_COMPARED: 'what a partition or disk holds changed, and its files were not compared',
  DISK_TABLE_DAMAGED: 'partition tables are damaged or contradict each other',
  EVENT_UNKNOWN: 'a hook is configured with an event that is probably misspelt, so that it never acts',
  EVIDENCE_ABSENT: 'an analysis was started, and there was nothing to analyse',
  EVIDENCE_UNPROCESSED: 'evidence was kept for an analysis that was never started',
  GUEST_END_UNKNOWN: 'how the guest ended is not known',
  GUEST_REBOOTS_CUT: 'the guest rebooted more often than is kept on record',
  GUEST_UNWATCHED: 'an unrequested end of the guest would not be noticed',
  HIVE_CHANGES_CUT: 'there were more changes in a hive of the registry than are kept',
  HIVE_NOT_CLEAN: 'a hive of the registry was compared without the changes that were only in its log',
  HIVE_NOT_COMPARED: 'a hive of the registry was not compared, or not all of it',
  INTERFACE_NOT_ISOLATED:
    'the guest has an interface, or another way out, that the network mode does not cover',
  INTERFACE_NOT_TRACED: 'packets of an interface of the guest cannot be captured',
  KEY_UNKNOWN:
    'the generic configuration of hooks has a key that is probably misspelt, so that no hook reads it',
  MANIFEST_CUT: 'more files were written than a manifest names',
  MEMORY_SHORT: 'a memory snapshot is shorter than its own header says',
  NETWORK_CONTENT_UNKNOWN: 'the content of conversations was not recognized, and is not in the summary',
  NETWORK_DATA_GAPS: 'data of a trace was not read, since bytes or fragments before it never came',
  NETWORK_PACKETS_MALFORMED: 'packets of a trace are malformed, and were read only in part',
  NETWORK_PACKETS_UNREAD: 'packets of a trace were not analysed',
  NETWORK_REQUESTS_UNREAD: 'requests were sent by a protocol that is not read there',
  NETWORK_SUMMARY_CUT: 'a table of the network summary was full',
  OUTPUT_LOST: 'output of a command, or its exit code, was lost in the guest',
  OUTPUT_TRUNCATED: 'a command printed more than was kept',
  OUTPUT_UNFINISHED:
    'a program that a command left running could still print when the guest ended, so that output may be missing',
  PLUGIN_FAILED: 'a plugin of Volatility failed',
  QEMU_NOT_JAILED: 'QEMU ran without namespaces and a root file system of its own',
  QEMU_SHARES_USER: 'QEMU ran as the user of other guests of libvirt',
  SCREEN_MISSING: 'the guest has no screen to capture',
  SINKHOLE_RECORD_CUT: 'requests to a sinkhole are not in its record',
  TIMELINE_CUT: 'attributes of an event are on the timeline in part only',
  TIMER_UNFIRED: 'a timer did not fire, since the guest had ended',
  TRACE_CAPTURE_ENDED: 'the capture of a trace ended before it was stopped',
  TRACE_LIMIT_REACHED: 'a trace reached its limit and ends there',
  TRACE_PACKETS_CUT: 'only the beginnings of some packets are in a trace',
  TRACE_PACKETS_LOST: 'packets came too fast to be captured',
  TRACE_STARTED_LATE: 'the guest had sent packets before its trace began',
  VIEWER_ENDED: 'a viewer of the screen ended as soon as it was started',
  WARNINGS_CUT: 'there were more warnings than are kept',
  YARA_FILE_SKIPPED: 'a file was not scanned by YARA',
  YARA_MATCHES_CUT: 'the strings of a YARA match are kept in part only',
  YARA_RULE_FAILED: 'a YARA rule may be missing from the matches',
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
