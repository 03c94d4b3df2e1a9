import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** Decides whether a file is the image that was asked for. */
export interface Verification {
  /** What the file has to fit, such as `sha256:…`; two that are equal accept the same files. */
  readonly identity: string
  /** Reads the whole file. */
  matches(path: string, signal: AbortSignal): Promise<boolean>
}

/** @param digest in hexadecimal, in either case */
export function digestVerification(algorithm: string, digest: string): Verification {
  const wanted = digest.toLowerCase()
  return {
    identity: `${algorithm}:${wanted}`,
    matches: async (path, signal) => (await digestOf(path, algorithm, signal)) === wanted,
  }
}

async function digestOf(path: string, algorithm: string, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal })
  return hash.digest('hex')
}
