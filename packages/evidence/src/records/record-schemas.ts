import { analysisRecordSchema } from './analysis-record.ts'
import { commandRecordSchema } from './command-record.ts'
import { diskChangesSchema } from './disk-changes.ts'
import { networkSummarySchema } from './network-summary.ts'
import { isolationSchema } from './isolation.ts'
import { notReadySchema } from './not-ready.ts'
import { runReportSchema } from './run-report.ts'
import { yaraMatchesSchema } from './yara-matches.ts'

/** The schemas of files that hold one JSON value, by kind. */
export const recordSchemas = {
  run_report: runReportSchema,
  isolation: isolationSchema,
  not_ready: notReadySchema,
  command_record: commandRecordSchema,
  disk_changes: diskChangesSchema,
  network_summary: networkSummarySchema,
  yara_matches: yaraMatchesSchema,
  analysis_record: analysisRecordSchema,
} as const
