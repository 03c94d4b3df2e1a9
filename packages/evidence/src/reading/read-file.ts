import type { EvidenceSource } from '../common/evidence-source.ts'
import type { ManifestFile } from '../manifest/manifest-file.ts'
import { isReadableKind, parseEvidence, type ParsedEvidence } from './parse-evidence.ts'

/** The longest file that is read, and a byte, so that a longer one is noticed. */
const MOST_BYTES = 512 * 1024 * 1024 + 1

/**
 * Reads a file that a manifest names.
 * @returns undefined for a kind that holds bytes or text, and for a file that is not there
 * @throws EvidenceError `EVIDENCE_INVALID`, `EVIDENCE_TOO_LONG` or `EVIDENCE_NEWER`
 */
export async function readFile(
  source: EvidenceSource,
  { kind, path }: Pick<ManifestFile, 'kind' | 'path'>,
): Promise<ParsedEvidence | undefined> {
  if (!isReadableKind(kind)) return undefined
  const bytes = await source.read(path, MOST_BYTES)
  return bytes === undefined ? undefined : parseEvidence(kind, bytes, path)
}
