import { basename, join } from 'node:path'
import { messageOf, printableJson, SeeError } from '@see/core'
import {
  EVIDENCE_FORMAT,
  EVIDENCE_VERSION,
  type Manifest,
  type ManifestFile,
  manifestName,
  parseManifest,
} from '@see/evidence'
import { writeEvidence } from '@see/hooks'
import { folderSource } from './folder-source.ts'

/** The longest manifest that is read, and a byte, so that a longer one is noticed. */
const MOST_BYTES = 64 * 1024 * 1024 + 1

/**
 * The manifest of an environment in one of its results folders; undefined where there is none.
 * @throws EvidenceError for one that cannot be read
 */
export async function storedManifest(folder: string, identifier: string): Promise<Manifest | undefined> {
  const name = manifestName(basename(folder), identifier)
  const bytes = await folderSource(folder).read(name, MOST_BYTES)
  return bytes === undefined ? undefined : parseManifest(bytes, name)
}

/**
 * Adds a file to the manifest of an environment that has ended; one that cannot be read stays as it is.
 * @throws SeeError `RESULTS_LOST`
 */
export async function addToManifest(folder: string, identifier: string, file: ManifestFile): Promise<void> {
  const path = join(folder, manifestName(basename(folder), identifier))
  const stored = await storedManifest(folder, identifier).catch((error: unknown) => {
    const message = `${file.path} is not in the manifest ${path}, which cannot be read: ${messageOf(error)}`
    throw new SeeError('RESULTS_LOST', message, { cause: error })
  })
  const manifest: Manifest = stored ?? {
    format: EVIDENCE_FORMAT,
    version: EVIDENCE_VERSION,
    identifier,
    created: new Date(file.from).toISOString(),
    complete: true,
    files: [],
  }
  const files = [...manifest.files.filter((each) => each.path !== file.path), file]
  await writeEvidence(path, `${printableJson({ ...manifest, files }, 2)}\n`, { durable: true })
}
