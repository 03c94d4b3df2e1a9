import { SeeError } from '@see/core'

/** Sizes of the file's own header and of each packet's, in bytes: https://www.tcpdump.org/manpages/pcap-savefile.5.txt */
export const FILE_HEADER = 24
export const PACKET_HEADER = 16
/** Where a packet's header says how many bytes of it follow, and how many it had. */
const LENGTH_OFFSET = 8
const WIRE_LENGTH_OFFSET = 12
/** The most that tcpdump takes of one packet. */
export const MAX_PACKET = 262_144

/** With microseconds, in the byte order in which traces are written. */
export const MAGIC_NUMBER = 0xa1b2c3d4
export const ETHERNET = 1
const LINK_TYPE_OFFSET = 20

/** What a trace may hold, and what it holds; of all its captures together. */
export class TraceBudget {
  /** Packets in the trace. */
  packets = 0
  /** Size of the file, in bytes. */
  bytes = FILE_HEADER
  /** Packets in the trace of which only the beginning is there. */
  cut = 0
  /** Packets that did not fit. */
  beyond = 0
  readonly limitBytes: number

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Whether a packet did not fit; from then on none is taken, so that the trace has no gap. */
  get full(): boolean {
    return this.beyond > 0
  }

  /** Counts a packet. @returns whether to write it */
  take(bytes: number, isCut: boolean): boolean {
    if (this.full || this.bytes + bytes > this.limitBytes) {
      this.beyond++
      return false
    }
    this.packets++
    this.bytes += bytes
    if (isCut) this.cut++
    return true
  }
}

/** Takes whole packets, with their headers but without the file's, out of what a capture writes. */
export class PcapCutter {
  /** Whether the file's header was there: the capture has begun. */
  begun = false
  /** Whole packets so far, taken or not. */
  packets = 0
  readonly #budget: TraceBudget
  #rest: Buffer = Buffer.alloc(0)

  constructor(budget: TraceBudget) {
    this.#budget = budget
  }

  /** @throws SeeError `TOOL_FAILED` when it is no capture of Ethernet */
  push(chunk: Uint8Array): Buffer {
    const data = Buffer.concat([this.#rest, chunk])
    if (!this.begun && data.length < FILE_HEADER) {
      this.#rest = data
      return Buffer.alloc(0)
    }
    const start = this.begun ? 0 : FILE_HEADER
    if (!this.begun) assertCapture(data)
    this.begun = true
    const { taken, read } = this.#packets(data, start)
    this.#rest = data.subarray(read)
    return data.subarray(start, taken)
  }

  #packets(data: Buffer, start: number): { taken: number; read: number } {
    let [taken, read] = [start, start]
    while (data.length >= read + PACKET_HEADER) {
      const length = data.readUInt32LE(read + LENGTH_OFFSET)
      if (length > MAX_PACKET) {
        throw new SeeError('TOOL_FAILED', `the capture is broken: a packet of ${length} bytes`)
      }
      const bytes = PACKET_HEADER + length
      if (read + bytes > data.length) break
      const isCut = data.readUInt32LE(read + WIRE_LENGTH_OFFSET) > length
      read += bytes
      this.packets++
      // None is taken after one that is not.
      if (this.#budget.take(bytes, isCut)) taken = read
    }
    return { taken, read }
  }
}

function assertCapture(data: Buffer): void {
  if (data.readUInt32LE() !== MAGIC_NUMBER) {
    throw new SeeError('TOOL_FAILED', `this is no capture: it begins with ${data.toString('hex', 0, 4)}`)
  }
  const linkType = data.readUInt32LE(LINK_TYPE_OFFSET)
  if (linkType === ETHERNET) return
  throw new SeeError('TOOL_FAILED', `this is a capture of link type ${linkType}, not of Ethernet`)
}
