import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { messageOf, sampleBounds, SeeError } from '@see/core'

/**
 * Keeps what comes from standard input in a file of the folder.
 * @throws SeeError `FILE_UNREADABLE`, or the signal's reason
 */
export async function keepStandardInput(folder: string, signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) {
    throw new SeeError(
      'FILE_UNREADABLE',
      'the sample is to come from standard input, which is a terminal: pipe it in',
    )
  }
  const path = join(folder, 'standard-input')
  try {
    await pipeline(process.stdin, bounded, createWriteStream(path, { mode: 0o600 }), { signal })
    return path
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('FILE_UNREADABLE', `cannot read standard input: ${messageOf(error)}`, { cause: error })
  }
}

async function* bounded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const part of source) {
    bytes += part.length
    if (bytes > sampleBounds.bytes) throw new Error(`it is longer than ${sampleBounds.bytes} bytes`)
    yield part
  }
}
