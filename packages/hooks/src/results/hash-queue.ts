import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Digest, PassingHash } from './passing-hash.ts'

/** Bytes that are read and hashed before anything else of the process has its turn. */
const READ_BYTES = 1024 * 1024
/** What is left of the hashing may take so long once the environment ends: less than a clean-up is given. */
const ENDING_MS = 20_000

/** Hashes finished files that others wrote, one after the other, beside whatever the case does meanwhile. */
export class HashQueue {
  readonly #ended = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param ended gets nothing where the file cannot be read, or was not by the end */
  add(path: string, ended: (digest: Digest | undefined) => void): void {
    this.#last = this.#hash(this.#last, path).then((digest) => ended(digest))
  }

  async #hash(before: Promise<unknown>, path: string): Promise<Digest | undefined> {
    await before
    return await read(path, this.#ended.signal).catch(() => undefined)
  }

  /** The environment ends. Resolves when all is hashed, or when the time for it is over; then the rest is not. */
  async end(): Promise<void> {
    this.#timer ??= setTimeout(() => this.#ended.abort(), ENDING_MS)
    await this.#last
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

async function read(path: string, signal: AbortSignal): Promise<Digest> {
  const hash = new PassingHash()
  if (!(await stat(path)).isFile()) throw new Error('it is not a regular file')
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    if (chunk instanceof Uint8Array) hash.pass(chunk)
  }
  return hash.digest()
}
