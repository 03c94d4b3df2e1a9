export { EvidenceError, type EvidenceErrorCode } from './common/evidence-error.ts'
export { type EvidenceKind, isStockKind, kindFacts, type StockKind, stockKinds } from './manifest/kinds.ts'
export { kindSchema } from './manifest/kind-schema.ts'
export { type ManifestFile, manifestFileSchema } from './manifest/manifest-file.ts'
export {
  EVIDENCE_FORMAT,
  EVIDENCE_VERSION,
  type Manifest,
  manifestSchema,
} from './manifest/manifest.ts'
export { manifestName } from './manifest/manifest-name.ts'
export { parseManifest } from './manifest/parse-manifest.ts'
export {
  type EventLine,
  eventLineSchema,
  type HandlerEndLine,
  handlerEndLineSchema,
  type HandlerStartLine,
  handlerStartLineSchema,
  TIMELINE_VERSION,
  type TimelineLine,
  timelineLineSchema,
  type VersionLine,
  versionLineSchema,
} from './timeline/timeline-line.ts'
export { parseTimeline, type Timeline } from './timeline/parse-timeline.ts'
export {
  isReadableKind,
  parseEvidence,
  type ParsedEvidence,
  type ReadableKind,
} from './reading/parse-evidence.ts'
export type { AnalysisRecord } from './records/analysis-record.ts'
export { type CommandRecord, commandRecordSchema } from './records/command-record.ts'
export type { DiskChanges } from './records/disk-changes.ts'
export type { NetworkSummary } from './records/network-summary.ts'
export type { SinkholeRequests } from './records/parse-requests.ts'
export type { Isolation } from './records/isolation.ts'
export type { NotReady } from './records/not-ready.ts'
export { recordSchemas } from './records/record-schemas.ts'
export type { StoredRunReport } from './records/run-report.ts'
export { sinkholeRequestSchema, type SinkholeRequestLine } from './records/sinkhole-request.ts'
export { warningSchema } from './records/warning.ts'
export type { YaraMatches } from './records/yara-matches.ts'
export type { EvidenceSource, ListedFile } from './common/evidence-source.ts'
export type { EvidenceModel } from './model/evidence-model.ts'
export { readEvidence } from './reading/read-evidence.ts'
export { readFile } from './reading/read-file.ts'
export { upgrade } from './version-1/upgrade.ts'
