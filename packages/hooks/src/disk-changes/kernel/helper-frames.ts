/** A message of the helper guest, as `guest/reader/README.md` defines them. */
export interface HelperFrame {
  /** One character. */
  readonly type: string
  readonly payload: Buffer
}

const HEAD_BYTES = 5

/** Bytes that a message may have; what is no kind of message has no bound that it keeps to. */
const MAX_BYTES: Readonly<Record<string, number>> = {
  /** It has booted. */
  S: 0,
  /** A volume. */
  V: 1024,
  /** The end of an answer. */
  K: 0,
  /** The end of an answer that failed, and why. */
  X: 300,
  /** How a file system was mounted. */
  M: 1,
  /** A name in a file system and all that is known of it. */
  E: 2 * 1024 * 1024,
  /** What could not be read of a name. */
  T: 1024 * 1024 + 300,
  /** A part of a file's content. */
  C: 64 * 1024,
  /** The end of the content of the name before. */
  D: 0,
}

/** Cuts what the helper guest sends into messages, which a guest that was taken over makes up. */
export class HelperFrames {
  #parts: Buffer[] = []
  #length = 0
  #needed = HEAD_BYTES

  /**
   * @param take gets the messages that are complete by now
   * @throws Error where it is no message, or one that is too long
   */
  push(part: Buffer, take: (frame: HelperFrame) => void): void {
    this.#parts.push(part)
    this.#length += part.length
    while (this.#length >= this.#needed) {
      const bytes = this.#parts.length === 1 ? part : Buffer.concat(this.#parts)
      let at = 0
      for (;;) {
        this.#needed = bytes.length - at < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + payloadBytes(bytes, at)
        if (bytes.length - at < this.#needed) break
        const type = String.fromCharCode(bytes[at] ?? 0)
        const payload = bytes.subarray(at + HEAD_BYTES, at + this.#needed)
        at += this.#needed
        take({ type, payload })
      }
      this.#parts = [bytes.subarray(at)]
      this.#length = bytes.length - at
    }
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const type = String.fromCharCode(bytes[at] ?? 0)
  const length = bytes.readUInt32BE(at + 1)
  const most = MAX_BYTES[type]
  if (most !== undefined && length <= most) return length
  throw new Error(`the helper guest sent a message of type ${JSON.stringify(type)} and ${length} bytes`)
}
