import type { Readable } from 'node:stream'

/** Keeps the first bytes of a stream, or gives them away. */
export class BoundedOutput {
  readonly #parts: Buffer[] = []
  #bytesLeft: number

  /**
   * @param exceeded called when there is more than `maxBytes`; the rest is read and dropped
   * @param take gets the bytes as they come, of which then none are kept
   */
  constructor(stream: Readable, maxBytes: number, exceeded: () => void, take?: (part: Buffer) => void) {
    this.#bytesLeft = maxBytes
    const keep = take ?? ((part: Buffer) => void this.#parts.push(part))
    stream.on('data', (part: Buffer) => {
      if (part.length > this.#bytesLeft) exceeded()
      if (this.#bytesLeft > 0) keep(part.subarray(0, this.#bytesLeft))
      this.#bytesLeft -= Math.min(part.length, this.#bytesLeft)
    })
    // A killed writer is reported by its exit.
    stream.on('error', () => undefined)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
