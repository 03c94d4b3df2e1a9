import { copySample, type SampleCopy, SeeError } from '@see/core'
import type { CommandRequest } from './command-request.ts'
import { isFolder } from '../results/is-folder.ts'

/**
 * A private copy of the file that is run; none without a sample, and for a folder of which no file is the sample.
 * @throws SeeError `SAMPLE_CHANGED` when it is not the one that is wanted, or what `copySample` throws
 */
export async function copyOf(
  { sample, entry, sha256 }: CommandRequest,
  signal: AbortSignal,
): Promise<SampleCopy | undefined> {
  if (sample === undefined || (entry === undefined && (await isFolder(sample)))) return undefined
  const copy = await copySample(sample, { entry, signal })
  if (sha256 === undefined || sha256.toLowerCase() === copy.sha256) return copy
  await copy[Symbol.asyncDispose]()
  throw new SeeError(
    'SAMPLE_CHANGED',
    `the sample ${sample} was replaced: it had the SHA-256 ${sha256}, and has ${copy.sha256} now; leave it alone until its run has ended`,
  )
}
