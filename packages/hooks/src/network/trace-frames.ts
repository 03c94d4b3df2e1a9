import { closeSync, openSync, readSync } from 'node:fs'
import { messageOf, SeeError } from '@see/core'
import { FILE_HEADER, MAGIC_NUMBER, MAX_PACKET, PACKET_HEADER } from './pcap-cutter.ts'

const READ_BYTES = 1024 * 1024
/** Where a packet's header says how many bytes of it follow. */
const LENGTH_OFFSET = 8

/** The frames of a trace, one after the other, as they are in its file. What cannot be read has none. */
export class TraceFrames {
  readonly #descriptor: number
  readonly #isTrace: boolean
  #rest: Buffer = Buffer.alloc(0)
  #position = 0

  /** @throws SeeError `TOOL_FAILED` */
  constructor(path: string) {
    try {
      this.#descriptor = openSync(path, 'r')
    } catch (error) {
      throw new SeeError('TOOL_FAILED', `the trace ${path} cannot be read: ${messageOf(error)}`, {
        cause: error,
      })
    }
    this.#isTrace = this.#has(FILE_HEADER) && this.#rest.readUInt32LE() === MAGIC_NUMBER
    this.#rest = this.#rest.subarray(FILE_HEADER)
  }

  next(): Buffer | undefined {
    if (!this.#isTrace || !this.#has(PACKET_HEADER)) return undefined
    const length = this.#rest.readUInt32LE(LENGTH_OFFSET)
    if (length > MAX_PACKET || !this.#has(PACKET_HEADER + length)) return undefined
    const frame = this.#rest.subarray(PACKET_HEADER, PACKET_HEADER + length)
    this.#rest = this.#rest.subarray(PACKET_HEADER + length)
    return frame
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }

  #has(bytes: number): boolean {
    while (this.#rest.length < bytes) {
      const part = Buffer.alloc(READ_BYTES)
      const read = readSync(this.#descriptor, part, 0, part.length, this.#position)
      if (read === 0) return false
      this.#position += read
      this.#rest = Buffer.concat([this.#rest, part.subarray(0, read)])
    }
    return true
  }
}
