const BEATS = 0
const LENGTH = 1
const HEAD_BYTES = 8
const TEXT_BYTES = 1024

/** Memory that a process and the thread that watches it share: a count of heartbeats, and a note of what is being done. */
export class SharedNote {
  readonly memory: SharedArrayBuffer
  readonly #head: Int32Array
  readonly #text: Uint8Array

  constructor(memory = new SharedArrayBuffer(HEAD_BYTES + TEXT_BYTES)) {
    this.memory = memory
    this.#head = new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT)
    this.#text = new Uint8Array(memory, HEAD_BYTES)
  }

  /** How often `beat` was called; starts again at 0 after some years. */
  get beats(): number {
    return Atomics.load(this.#head, BEATS)
  }

  beat(): void {
    Atomics.add(this.#head, BEATS, 1)
  }

  /** Empty where nothing was noted. Read it only when the one who writes it does not. */
  get text(): string {
    return Buffer.from(this.#text.subarray(0, Atomics.load(this.#head, LENGTH))).toString()
  }

  /** Keeps the first kilobyte. */
  set text(text: string) {
    const { written } = new TextEncoder().encodeInto(text, this.#text)
    Atomics.store(this.#head, LENGTH, written)
  }
}
