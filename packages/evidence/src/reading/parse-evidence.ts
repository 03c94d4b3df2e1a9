import type { z } from 'zod'
import type { EvidenceKind } from '../manifest/kinds.ts'
import { parseRecord } from '../records/parse-record.ts'
import { parseRequests, type SinkholeRequests } from '../records/parse-requests.ts'
import { recordSchemas } from '../records/record-schemas.ts'
import { parseTimeline, type Timeline } from '../timeline/parse-timeline.ts'

type RecordSchemas = typeof recordSchemas

/** The kinds of files whose content this package reads. */
export type ReadableKind = keyof RecordSchemas | 'timeline' | 'sinkhole_requests'

type ValueOf<Kind extends ReadableKind> = Kind extends keyof RecordSchemas
  ? z.output<RecordSchemas[Kind]>
  : Kind extends 'timeline'
    ? Timeline
    : SinkholeRequests

/** The content of a file of evidence; `kind` says which. */
export type ParsedEvidence = {
  [Kind in ReadableKind]: { readonly kind: Kind; readonly value: ValueOf<Kind> }
}[ReadableKind]

type Reader<Kind extends ReadableKind> = (
  bytes: Uint8Array,
  name: string,
) => Extract<ParsedEvidence, { kind: Kind }>

const readers: { readonly [Kind in ReadableKind]: Reader<Kind> } = {
  timeline: (bytes, name) => ({ kind: 'timeline', value: parseTimeline(bytes, name) }),
  sinkhole_requests: (bytes, name) => ({ kind: 'sinkhole_requests', value: parseRequests(bytes, name) }),
  run_report: (bytes, name) => ({
    kind: 'run_report',
    value: parseRecord(recordSchemas.run_report, bytes, name),
  }),
  isolation: (bytes, name) => ({
    kind: 'isolation',
    value: parseRecord(recordSchemas.isolation, bytes, name),
  }),
  not_ready: (bytes, name) => ({
    kind: 'not_ready',
    value: parseRecord(recordSchemas.not_ready, bytes, name),
  }),
  command_record: (bytes, name) => ({
    kind: 'command_record',
    value: parseRecord(recordSchemas.command_record, bytes, name),
  }),
  analysis_record: (bytes, name) => ({
    kind: 'analysis_record',
    value: parseRecord(recordSchemas.analysis_record, bytes, name),
  }),
  disk_changes: (bytes, name) => ({
    kind: 'disk_changes',
    value: parseRecord(recordSchemas.disk_changes, bytes, name),
  }),
  network_summary: (bytes, name) => ({
    kind: 'network_summary',
    value: parseRecord(recordSchemas.network_summary, bytes, name),
  }),
  yara_matches: (bytes, name) => ({
    kind: 'yara_matches',
    value: parseRecord(recordSchemas.yara_matches, bytes, name),
  }),
}

/** Whether this package reads the content of files of a kind; that of others is bytes or text as it is. */
export function isReadableKind(kind: EvidenceKind): kind is ReadableKind {
  return Object.hasOwn(readers, kind)
}

/**
 * Reads a file of evidence. Much of its text comes from the guest: show it as text only.
 * @param name the file's name, for errors
 * @throws EvidenceError `EVIDENCE_INVALID`, `EVIDENCE_TOO_LONG` or `EVIDENCE_NEWER`
 */
export function parseEvidence<Kind extends ReadableKind>(
  kind: Kind,
  bytes: Uint8Array,
  name: string = kind,
): Extract<ParsedEvidence, { kind: Kind }> {
  return readers[kind](bytes, name)
}
