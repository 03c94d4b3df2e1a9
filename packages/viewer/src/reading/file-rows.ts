import { createHash } from 'node:crypto'
import type { EvidenceModel, EvidenceSource, ManifestFile } from '@see/evidence'
import type { FileCheck, FileRow } from '../model/rows.ts'
import type { Bounds } from './bounds.ts'
import type { Clock } from './clock.ts'

/** Larger files are not hashed again: their sizes are compared. */
const MOST_HASHED_BYTES = 64 * 1024 * 1024
/** All files that are hashed. */
const ALL_HASHED_BYTES = 512 * 1024 * 1024
/** What a browser shows without running anything in it. */
const SHOWN = /\.(?:json|jsonl|log|txt|png|stdout|stderr)$/i
/** What a browser hands to its user. */
const HANDED = /\.(?:pcap|pcapng|elf|qcow2)$/i
/** The guest chose their names, or they may be anything. */
const NEVER_LINKED = new Set(['extracted_file', 'analysis_output'])

/** The files of the manifest, each with whether it is what the manifest says. */
export async function fileRows(
  { manifest }: EvidenceModel,
  source: EvidenceSource,
  { clock, bounds }: { readonly clock: Clock; readonly bounds: Bounds },
): Promise<FileRow[]> {
  const sizes = new Map((await source.list()).map(({ path, bytes }) => [path, bytes]))
  const rows: FileRow[] = []
  let left = ALL_HASHED_BYTES
  for (const file of bounds.rows('files', manifest.files)) {
    const size = sizes.get(file.path)
    const check = await checkOf(file, size, left, source)
    if (check === 'same' || check === 'differs') left -= size ?? 0
    rows.push({
      path: bounds.field(file.path, 4096),
      kind: file.kind,
      bytes: size ?? file.bytes,
      sha256: file.sha256,
      event: file.event === null ? null : bounds.field(file.event.name),
      writer: bounds.field(file.writer),
      t: clock.ofEpoch(file.from),
      end: file.to === null ? null : clock.ofEpoch(file.to),
      check,
      linked: check !== 'gone' && isLinked(file),
    })
  }
  return rows
}

async function checkOf(
  { path, bytes, sha256, state }: ManifestFile,
  size: number | undefined,
  left: number,
  source: EvidenceSource,
): Promise<FileCheck> {
  if (size === undefined) return 'gone'
  if (state === 'growing') return 'growing'
  if (bytes !== null && bytes !== size) return 'differs'
  if (sha256 === null) return 'unhashed'
  if (size > Math.min(MOST_HASHED_BYTES, left)) return 'unchecked'
  const content = await source.read(path, MOST_HASHED_BYTES + 1)
  if (content === undefined) return 'gone'
  return createHash('sha256').update(content).digest('hex') === sha256 ? 'same' : 'differs'
}

/** A page that the guest wrote would run in the browser: only what is certainly none is linked to. */
function isLinked({ kind, path }: ManifestFile): boolean {
  return !NEVER_LINKED.has(kind) && !kind.startsWith('x-') && (SHOWN.test(path) || HANDED.test(path))
}

/** In words, the files whose content is not what the manifest says. */
export function changedFiles(files: readonly FileRow[]): string[] {
  return files
    .filter(({ check }) => check === 'differs')
    .map(({ path }) => `${path} as it was written: its size or SHA-256 is not that of the manifest`)
}
