import { EvidenceError } from '../common/evidence-error.ts'
import type { EvidenceSource, ListedFile } from '../common/evidence-source.ts'
import { Missing } from '../common/missing.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { parseManifest } from '../manifest/parse-manifest.ts'
import type { EvidenceModel } from '../model/evidence-model.ts'
import { upgrade } from '../version-1/upgrade.ts'
import { missingFiles } from './missing-files.ts'
import { readFile } from './read-file.ts'

/** The longest manifest that is read, and a byte, so that a longer one is noticed. */
const MANIFEST_BYTES = 64 * 1024 * 1024 + 1
const MANIFEST = /^(?:manifest\.json|[^/]+_manifest\.json)$/

/**
 * Reads what a results folder holds of one environment: its manifest and its timeline. A folder of version 1, and one of a
 * run that was killed, are read up to where they end; `missing` says what is not there.
 * @param identifier of the environment; needed where the folder has the evidence of several
 * @throws EvidenceError `EVIDENCE_ABSENT`, `EVIDENCE_UNCLEAR`, `EVIDENCE_INVALID`, `EVIDENCE_NEWER` or `EVIDENCE_TOO_LONG`
 */
export async function readEvidence(source: EvidenceSource, identifier?: string): Promise<EvidenceModel> {
  const files = await source.list()
  const manifest = await manifestIn(source, files, identifier)
  if (manifest === undefined) return await upgrade(source, identifier)
  const missing = new Missing()
  if (!manifest.complete) missing.add('the end of the run: it was killed, or goes on')
  missing.add(...missingFiles(manifest, files))
  return { version: 2, manifest, timeline: await timelineOf(source, manifest, missing), missing: missing.all }
}

async function timelineOf(source: EvidenceSource, { files }: Manifest, missing: Missing) {
  const file = files.find(({ kind }) => kind === 'timeline')
  if (file === undefined) return undefined
  try {
    const read = await readFile(source, file)
    if (read?.kind !== 'timeline') return undefined
    missing.add(...read.value.missing)
    return read.value
  } catch (error) {
    // The other files are as good without it.
    missing.add(error instanceof EvidenceError ? error.message : `${file.path}, which cannot be read`)
    return undefined
  }
}

/** Undefined where there is none, as in version 1. */
async function manifestIn(
  source: EvidenceSource,
  files: readonly ListedFile[],
  identifier: string | undefined,
): Promise<Manifest | undefined> {
  const named = files.map(({ path }) => path).filter((path) => MANIFEST.test(path))
  const wanted = named.filter((path) => identifier === undefined || isOf(path, identifier))
  const [first, ...others] = wanted
  if (first === undefined) return undefined
  if (others.length > 0) {
    const message = `the folder has ${wanted.length} manifests, such as ${first} and ${others[0]}; name an environment`
    throw new EvidenceError('EVIDENCE_UNCLEAR', message)
  }
  const bytes = await source.read(first, MANIFEST_BYTES)
  if (bytes === undefined) throw new EvidenceError('EVIDENCE_INVALID', `${first} cannot be read`)
  const manifest = parseManifest(bytes, first)
  return identifier === undefined || manifest.identifier === identifier ? manifest : undefined
}

function isOf(path: string, identifier: string): boolean {
  return path === 'manifest.json' || path === `${identifier}_manifest.json`
}
