const NEWLINE = 0x0a
/** A guest that sends byte by byte would take a hundred times as much memory otherwise. */
const MOST_PIECES = 1024

/** Cuts what arrives in pieces into lines, none longer than its bound. */
export class LineBuffer {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that are complete now, without their ends and the empty ones. @throws RangeError when one is too long */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = this.#afterEmpty(chunk, 0)
    for (let end = chunk.indexOf(NEWLINE, start); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end))
      lines.push(Buffer.concat([...this.#parts, ...this.#pieces]))
      this.clear()
      start = this.#afterEmpty(chunk, end + 1)
    }
    this.#add(chunk.subarray(start))
    return lines
  }

  clear(): void {
    this.#parts = []
    this.#pieces = []
    this.#bytes = 0
  }

  /** A guest may send millions of them: nothing is made of one. */
  #afterEmpty(chunk: Buffer, start: number): number {
    let at = start
    if (this.#bytes === 0) while (chunk[at] === NEWLINE) at++
    return at
  }

  #add(part: Buffer): void {
    this.#bytes += part.length
    if (this.#bytes > this.#maxBytes) {
      this.clear()
      throw new RangeError(`a line of more than ${this.#maxBytes} bytes`)
    }
    if (part.length > 0) this.#pieces.push(part)
    if (this.#pieces.length < MOST_PIECES) return
    this.#parts.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }
}
