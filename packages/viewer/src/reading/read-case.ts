import { EvidenceError, type EvidenceModel, type EvidenceSource, readEvidence } from '@see/evidence'
import type { ReportIndex } from '../model/report-index.ts'
import { Bounds } from './bounds.ts'
import { CaseFiles } from './case-files.ts'
import { changeRows, registryRows } from './change-rows.ts'
import { Clock } from './clock.ts'
import { commandRows } from './command-rows.ts'
import { consoleRows } from './console-rows.ts'
import { changedFiles, fileRows } from './file-rows.ts'
import { attemptRows, headOf, notReadyOf, warningRows } from './head.ts'
import { indicatorRows } from './indicator-rows.ts'
import { isolationHead } from './isolation-head.ts'
import { matchRows } from './match-rows.ts'
import { conversationRows, rateOf, summaryRequests } from './network-rows.ts'
import { screenRows } from './screen-rows.ts'
import { sinkholeRequests } from './sinkhole-requests.ts'
import { timelineRows } from './timeline-rows.ts'

/** What the page of a case holds. */
export interface ReadCase {
  readonly index: Omit<ReportIndex, 'folder'>
  /** PNGs, by the numbers that screens have. */
  readonly pictures: readonly Uint8Array[]
}

/**
 * Reads the evidence of an environment for a page. A folder without evidence is a page that says so.
 * @throws EvidenceError `EVIDENCE_UNCLEAR`, `EVIDENCE_INVALID`, `EVIDENCE_NEWER` or `EVIDENCE_TOO_LONG`
 */
export async function readCase(source: EvidenceSource, identifier?: string): Promise<ReadCase> {
  try {
    return await caseOf(source, await readEvidence(source, identifier))
  } catch (error) {
    if (error instanceof EvidenceError && error.code === 'EVIDENCE_ABSENT') return withoutEvidence(error)
    throw error
  }
}

async function caseOf(source: EvidenceSource, model: EvidenceModel): Promise<ReadCase> {
  const { manifest, timeline } = model
  const bounds = new Bounds()
  const clock = new Clock(timeline?.version?.timestamp ?? Date.parse(manifest.created))
  const files = await CaseFiles.read(source, model, { clock, bounds })
  const rows = timelineRows(timeline, files)
  const fileList = await fileRows(model, source, files)
  const commands = await commandRows(files)
  const { screens, pictures } = await screenRows(files)
  const requests = [...sinkholeRequests(files), ...summaryRequests(files)]
  const conversations = conversationRows(files)
  // The guest's own times are only taken where they are within the case.
  const changes = changeRows(files)
  const traces = files.entriesOf('network_trace').map(({ entry }) => entry.path)
  const head = headOf(files)
  const index = {
    identifier: manifest.identifier,
    started: clock.started,
    version: model.version,
    complete: manifest.complete,
    missing: [...model.missing, ...changedFiles(fileList), ...files.unreadable].map((each) =>
      bounds.field(each),
    ),
    head,
    isolation: isolationHead(files),
    notReady: notReadyOf(files),
    ...rows,
    commands,
    screens,
    conversations,
    rate: await rateOf({ source, clock, bounds, traces }),
    requests,
    changes,
    registry: registryRows(files),
    matches: matchRows(files),
    consoles: await consoleRows(files),
    attempts: attemptRows(files),
    warnings: warningRows(files),
    files: fileList,
    indicators: indicatorRows(files, { head, changes }),
  }
  return { index: { ...index, duration: clock.latest, omitted: bounds.omitted }, pictures }
}

function withoutEvidence({ message }: EvidenceError): ReadCase {
  const none = {
    events: [],
    handlers: [],
    commands: [],
    screens: [],
    conversations: [],
    requests: [],
    changes: [],
    registry: [],
    matches: [],
    consoles: [],
    attempts: [],
    warnings: [],
    files: [],
    indicators: [],
    omitted: [],
  }
  const index = {
    identifier: '',
    started: 0,
    duration: 0,
    version: null,
    complete: false,
    missing: [message],
    head: null,
    isolation: null,
    notReady: null,
    rate: null,
    ...none,
  }
  return { index, pictures: [] }
}
