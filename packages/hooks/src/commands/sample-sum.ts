import { entryPath } from '@see/core'
import type { CommandRequest } from './command-request.ts'
import { isFolder } from '../results/is-folder.ts'
import { sha256Of } from '../results/sha256.ts'

/** The SHA-256 of the sample; null without one, and for a folder of which no file is the sample. */
export async function sampleSum(
  { sample, entry }: CommandRequest,
  signal: AbortSignal,
): Promise<string | null> {
  if (sample === undefined) return null
  if (entry !== undefined) return await sha256Of(await entryPath(sample, entry), signal)
  return (await isFolder(sample)) ? null : await sha256Of(sample, signal)
}
