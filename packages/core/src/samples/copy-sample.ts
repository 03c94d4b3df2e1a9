import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { basename, dirname, join, normalize } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import { temporaryFolder } from '../ledger/temporary-folder.ts'
import { entryPath } from './sample-entry.ts'

/** A copy of the file that is run, which nothing else writes to; gone when it is disposed of. */
export interface SampleCopy extends AsyncDisposable {
  readonly path: string
  /** The folder in which `path` is what the entry is in the sample's folder, or the name of a sample that is a file. */
  readonly folder: string
  /** The SHA-256 of the copy, in hexadecimal. */
  readonly sha256: string
}

interface CopyOptions {
  /** The file of a folder that is the sample, by its path in it. */
  readonly entry?: string | undefined
  readonly signal: AbortSignal
}

/**
 * Copies the sample, or its entry, into a private folder and hashes the bytes as they pass: what is hashed can then be what
 * is run, whatever becomes of the file.
 * @throws SeeError `FILE_UNREADABLE`, or `SAMPLE_UNSUITABLE` where there is no such entry
 */
export async function copySample(sample: string, { entry, signal }: CopyOptions): Promise<SampleCopy> {
  const source = entry === undefined ? sample : await entryPath(sample, entry)
  const temporary = await temporaryFolder('see-copy-')
  const remove = () => temporary[Symbol.asyncDispose]()
  const folder = temporary.path
  // Some systems decide by a file's name how it is opened.
  const path = join(folder, entry === undefined ? basename(sample) : normalize(entry))
  try {
    await mkdir(dirname(path), { recursive: true })
    const sha256 = await copy(source, path, signal)
    return { path, folder, sha256, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    signal.throwIfAborted()
    throw new SeeError('FILE_UNREADABLE', `cannot read the sample ${source}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function copy(source: string, path: string, signal: AbortSignal): Promise<string> {
  // A pipe might never be opened, and a device never end.
  await using from = await open(source, constants.O_RDONLY | constants.O_NONBLOCK)
  const facts = await from.stat()
  if (!facts.isFile()) throw new Error('it is not a regular file')
  await using to = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  for await (const part of from.createReadStream({ signal, autoClose: false })) {
    if (!(part instanceof Uint8Array)) continue
    hash.update(part)
    await to.appendFile(part)
  }
  await to.chmod((facts.mode & 0o777) | 0o600)
  await to.utimes(facts.atime, facts.mtime)
  return hash.digest('hex')
}
