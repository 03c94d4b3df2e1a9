import type { EvidenceWarning, SinkholeRequest } from '@see/core'
import type * as evidence from '@see/evidence'
import { expectTypeOf, test } from 'vitest'
import type { AnalysisRecord } from './analysis/analysis.ts'
import type { YaraMatch } from './analysis/yara-output.ts'
import type { CommandRecord } from './commands/command-record.ts'
import type { FilesystemReport } from './disk-changes/filesystem-report.ts'
import type { NetworkSummary } from './network/network-summary.ts'

type Readonlies<Value> = Value extends object
  ? { readonly [Key in keyof Value]: Readonlies<Value[Key]> }
  : Value
type YaraMatches = Readonlies<evidence.YaraMatches>

test('what hooks write is what the schemas describe, to the compiler', () => {
  expectTypeOf<CommandRecord>().toExtend<Readonlies<evidence.CommandRecord>>()
  expectTypeOf<AnalysisRecord>().toExtend<Readonlies<evidence.AnalysisRecord>>()
  expectTypeOf<NetworkSummary>().toExtend<Readonlies<evidence.NetworkSummary>>()
  expectTypeOf<FilesystemReport>().toExtend<Readonlies<evidence.DiskChanges>>()
  expectTypeOf<YaraMatch>().toExtend<YaraMatches['matches'][number]>()
  expectTypeOf<EvidenceWarning>().toExtend<YaraMatches['warnings'][number]>()
  expectTypeOf<SinkholeRequest & { readonly time: string }>().toExtend<
    Readonlies<evidence.SinkholeRequestLine>
  >()
})
