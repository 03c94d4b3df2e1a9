import { copySample, type SampleCopy } from '@see/core'
import type { CommandRequest } from './command-request.ts'
import { isFolder } from '../results/is-folder.ts'

/** A private copy of the file that is run; none without a sample, and for a folder of which no file is the sample. */
export async function copyOf(
  { sample, entry }: CommandRequest,
  signal: AbortSignal,
): Promise<SampleCopy | undefined> {
  if (sample === undefined || (entry === undefined && (await isFolder(sample)))) return undefined
  return await copySample(sample, { entry, signal })
}
