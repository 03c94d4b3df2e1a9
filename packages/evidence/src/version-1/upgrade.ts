import { z } from 'zod'
import { EvidenceError } from '../common/evidence-error.ts'
import type { EvidenceSource, ListedFile } from '../common/evidence-source.ts'
import { Missing } from '../common/missing.ts'
import { parseJson } from '../common/parse-json.ts'
import { EVIDENCE_FORMAT, EVIDENCE_VERSION } from '../manifest/manifest.ts'
import type { EvidenceModel } from '../model/evidence-model.ts'
import { MOST_TIMELINE_BYTES, noTimeline, parseTimeline1, type Timeline1 } from './parse-timeline-1.ts'
import { upgradeFiles } from './upgrade-files.ts'
import { upgradeTimeline } from './upgrade-timeline.ts'

const MOST_REPORT_BYTES = 256 * 1024 * 1024
const TIMELINE = /^(?<identifier>[^/]+)_timeline\.jsonl$/
const NO_TIMES = new Date(0).toISOString()

const report = z.object({
  identifier: z.string().min(1).max(255),
  files: z.array(z.object({ path: z.string() })),
})
type Report = z.output<typeof report>

/**
 * Reads a folder of version 1, which has no manifest, as version 2 in memory: kinds and writers from the names of the files,
 * times and events from the timeline.
 * @param identifier of the environment; needed where the folder has the evidence of several, or neither `run.json` nor a
 * timeline
 * @throws EvidenceError `EVIDENCE_ABSENT`, `EVIDENCE_UNCLEAR` or `EVIDENCE_TOO_LONG`
 */
export async function upgrade(source: EvidenceSource, identifier?: string): Promise<EvidenceModel> {
  const listed = await source.list()
  const missing = new Missing()
  const found = await reportIn(source, missing)
  const ofCase =
    found !== undefined && (identifier ?? found.identifier) === found.identifier ? found : undefined
  const name = identifier ?? ofCase?.identifier ?? identifierIn(listed)
  const files = listed.filter(
    ({ path }) => path.startsWith(name) || (path === 'run.json' && ofCase !== undefined),
  )
  const timeline = await timelineOf(source, name, missing)
  const complete = ofCase !== undefined
  const manifestFiles = upgradeFiles(files, { identifier: name, events: timeline.events, complete })
  if (manifestFiles.length === 0) throw absent(name)
  const paths = new Set(listed.map(({ path }) => path))
  for (const { path } of ofCase?.files ?? [])
    if (!paths.has(path)) missing.add(`${path}, which run.json names`)
  if (!complete) missing.add('the end of the run: there is no run.json, so it may have been killed')
  missing.add(...timeline.missing)
  missing.add('hashes, which version 1 of the format does not have')
  const [first] = timeline.events
  return {
    version: 1,
    manifest: {
      format: EVIDENCE_FORMAT,
      version: EVIDENCE_VERSION,
      identifier: name,
      created: first === undefined ? NO_TIMES : new Date(first.timestamp).toISOString(),
      complete,
      files: manifestFiles,
    },
    timeline: timeline === noTimeline ? undefined : upgradeTimeline(timeline, name),
    missing: missing.all,
  }
}

/** What `run.json` says; undefined where it is not there or cannot be read. */
async function reportIn(source: EvidenceSource, missing: Missing): Promise<Report | undefined> {
  const bytes = await source.read('run.json', MOST_REPORT_BYTES + 1)
  if (bytes === undefined) return undefined
  try {
    return report.parse(parseJson(bytes, { name: 'run.json', mostBytes: MOST_REPORT_BYTES }))
  } catch {
    missing.add('what run.json says: it cannot be read')
    return undefined
  }
}

async function timelineOf(source: EvidenceSource, identifier: string, missing: Missing): Promise<Timeline1> {
  const path = `${identifier}_timeline.jsonl`
  const bytes = await source.read(path, MOST_TIMELINE_BYTES + 1)
  if (bytes !== undefined) return parseTimeline1(bytes, path)
  missing.add('times and events: there is no timeline')
  return noTimeline
}

function identifierIn(files: readonly ListedFile[]): string {
  const found = files.flatMap(({ path }) => TIMELINE.exec(path)?.groups?.['identifier'] ?? [])
  const [first, ...others] = found
  if (first === undefined) throw absent('any environment')
  if (others.length === 0) return first
  const message = `the folder has the evidence of ${found.length} environments; name one of ${found.slice(0, 10).join(', ')}`
  throw new EvidenceError('EVIDENCE_UNCLEAR', message)
}

function absent(identifier: string): EvidenceError {
  return new EvidenceError(
    'EVIDENCE_ABSENT',
    `the folder has no evidence of ${identifier}; name the folder of a run`,
  )
}
