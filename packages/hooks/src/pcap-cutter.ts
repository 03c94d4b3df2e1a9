import { SeeError } from '@see/core'

/** Of the file's own header and of each packet's: https://www.tcpdump.org/manpages/pcap-savefile.5.txt */
const FILE_HEADER = 24
const PACKET_HEADER = 16
/** Where a packet's header says how many bytes of it follow. */
const LENGTH_OFFSET = 8
/** The most that tcpdump takes of one packet. */
const MAX_PACKET = 262_144

/** With microseconds and with nanoseconds. */
const MAGIC_NUMBERS = [0xa1b2c3d4, 0xa1b23c4d]

/** Passes a capture through in whole packets, and none beyond a limit in bytes. */
export class PcapCutter {
  /** Packets passed through so far. */
  packets = 0
  /** Bytes passed through so far. */
  bytes = 0
  /** Whether a packet did not fit any more; from then on nothing passes. */
  full = false
  readonly #limitBytes: number
  #rest: Buffer = Buffer.alloc(0)
  #littleEndian: boolean | undefined

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** @throws SeeError `TOOL_FAILED` when it is no capture */
  push(chunk: Uint8Array): Buffer {
    if (this.full) return Buffer.alloc(0)
    const data = Buffer.concat([this.#rest, chunk])
    const end = this.#wholePackets(data)
    this.#rest = data.subarray(end)
    this.bytes += end
    return data.subarray(0, end)
  }

  #wholePackets(data: Buffer): number {
    let end = 0
    if (this.#littleEndian === undefined) {
      if (data.length < FILE_HEADER) return 0
      this.#littleEndian = isLittleEndian(data)
      end = FILE_HEADER
    }
    while (data.length >= end + PACKET_HEADER) {
      const next = end + PACKET_HEADER + this.#lengthAt(data, end + LENGTH_OFFSET)
      if (this.bytes + next > this.#limitBytes) {
        this.full = true
        break
      }
      if (next > data.length) break
      this.packets++
      end = next
    }
    return end
  }

  #lengthAt(data: Buffer, offset: number): number {
    const length = this.#littleEndian === true ? data.readUInt32LE(offset) : data.readUInt32BE(offset)
    if (length <= MAX_PACKET) return length
    throw new SeeError('TOOL_FAILED', `the capture is broken: a packet of ${length} bytes`)
  }
}

function isLittleEndian(header: Buffer): boolean {
  if (MAGIC_NUMBERS.includes(header.readUInt32LE())) return true
  if (MAGIC_NUMBERS.includes(header.readUInt32BE())) return false
  throw new SeeError('TOOL_FAILED', `this is no capture: it begins with ${header.toString('hex', 0, 4)}`)
}
