/** Bytes that are not what the protocol says, or a value that does not fit the field it was meant for. */
export class XdrError extends Error {
  override name = 'XdrError'
  readonly code = 'XDR'
}

/** Writes RFC 4506 primitives, big-endian, each padded to a multiple of four bytes. */
export class XdrWriter {
  #bytes: Buffer
  #length = 0

  constructor(sizeHint = 256) {
    this.#bytes = Buffer.allocUnsafe(sizeHint)
  }

  int32(value: number): void {
    const at = this.#take(4)
    this.#bytes.writeInt32BE(value, at)
  }

  uint32(value: number): void {
    const at = this.#take(4)
    this.#bytes.writeUInt32BE(value, at)
  }

  int64(value: bigint): void {
    const at = this.#take(8)
    this.#bytes.writeBigInt64BE(value, at)
  }

  uint64(value: bigint): void {
    const at = this.#take(8)
    this.#bytes.writeBigUInt64BE(value, at)
  }

  double(value: number): void {
    const at = this.#take(8)
    this.#bytes.writeDoubleBE(value, at)
  }

  /** The bytes, without a length before them. */
  opaque(value: Uint8Array): void {
    const padded = paddedLength(value.length)
    const at = this.#take(padded)
    this.#bytes.set(value, at)
    this.#bytes.fill(0, at + value.length, at + padded)
  }

  /** What was written so far; valid until the next write. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #take(count: number): number {
    const at = this.#length
    const end = at + count
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#length = end
    return at
  }
}

/** Reads RFC 4506 primitives. Every read checks that the bytes are there, and throws {@link XdrError} if not. */
export class XdrReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8))
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  /** A view of the next bytes, not a copy. */
  opaque(length: number): Buffer {
    const padded = paddedLength(length)
    const at = this.#take(padded)
    for (let i = at + length; i < at + padded; i++) {
      if (this.#bytes[i] !== 0) throw new XdrError(`padding at byte ${i} is not zero`)
    }
    return this.#bytes.subarray(at, at + length)
  }

  /** Throws {@link XdrError} if bytes are left over: both sides then disagree about the message. */
  end(): void {
    if (this.remaining > 0) throw new XdrError(`${this.remaining} bytes left over after byte ${this.#at}`)
  }

  #take(count: number): number {
    if (count > this.remaining) {
      throw new XdrError(`${count} bytes needed at byte ${this.#at}, ${this.remaining} are left`)
    }
    const at = this.#at
    this.#at += count
    return at
  }
}

function paddedLength(length: number): number {
  return Math.ceil(length / 4) * 4
}
