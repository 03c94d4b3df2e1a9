import { randomUUID } from 'node:crypto'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, SeeError } from '@see/core'
import type { EvidenceData } from './slices.ts'

/** Modes of files and folders of evidence: only the user who runs SEE may read them. */
export const evidenceModes = { file: 0o600, folder: 0o700 } as const

/**
 * Writes a file of evidence as a whole: beside its place, then renamed. A disk that fills up or a folder that is removed
 * leaves the file of before, or none, never half of one.
 * @param durable waits until it is on the disk
 * @throws SeeError `RESULTS_LOST`
 */
export async function writeEvidence(
  path: string,
  data: EvidenceData,
  { durable = false } = {},
): Promise<void> {
  const part = join(dirname(path), `.${randomUUID()}.part`)
  try {
    await writePart(part, data, durable)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error instanceof SeeError ? error : resultsLost(path, error)
  }
}

/** The error for evidence that could not be written, which says what happened to its folder or disk. */
export function resultsLost(path: string, error: unknown): SeeError {
  const message = `cannot write ${path}: ${reasonOf(error, path)}`
  return new SeeError('RESULTS_LOST', message, { cause: error })
}

async function writePart(part: string, data: EvidenceData, durable: boolean): Promise<void> {
  await using file = await open(part, 'wx', evidenceModes.file)
  await writeFile(file, data)
  if (durable) await file.sync()
}

function reasonOf(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC') return 'the disk is full; make room, or name a results folder elsewhere'
  if (code === 'EDQUOT') return 'the disk quota is used up; make room, or name a results folder elsewhere'
  if (code === 'ENOENT') return `the folder ${dirname(path)} was removed or renamed during the run`
  return messageOf(error)
}
