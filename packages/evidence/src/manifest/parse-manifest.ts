import { z } from 'zod'
import { EvidenceError } from '../common/evidence-error.ts'
import { parseJson } from '../common/parse-json.ts'
import { EVIDENCE_FORMAT, EVIDENCE_VERSION, type Manifest, manifestSchema } from './manifest.ts'

/** The longest manifest that is read, in bytes. */
const MOST_MANIFEST_BYTES = 64 * 1024 * 1024

const header = z.object({ format: z.literal(EVIDENCE_FORMAT), version: z.int() })

/**
 * Reads a manifest.
 * @param name the file's name, for errors
 * @throws EvidenceError `EVIDENCE_INVALID`, `EVIDENCE_NEWER` or `EVIDENCE_TOO_LONG`
 */
export function parseManifest(bytes: Uint8Array, name = 'manifest.json'): Manifest {
  const value = parseJson(bytes, { name, mostBytes: MOST_MANIFEST_BYTES })
  const known = header.safeParse(value)
  if (known.success && known.data.version > EVIDENCE_VERSION) {
    throw new EvidenceError(
      'EVIDENCE_NEWER',
      `${name} has version ${known.data.version} of the format; this SEE reads up to ${EVIDENCE_VERSION}: use a newer one`,
    )
  }
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new EvidenceError('EVIDENCE_INVALID', `${name} is not a manifest: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  })
}
