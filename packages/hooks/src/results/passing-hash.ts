import { createHash } from 'node:crypto'

/** The size and the SHA-256 of a file. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

/** Hashes bytes as they pass. */
export class PassingHash {
  readonly #hash = createHash('sha256')
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  pass(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#bytes += bytes.length
  }

  /** The digest of what has passed so far; more may pass afterwards. */
  digest(): Digest {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
  }
}
