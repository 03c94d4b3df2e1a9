import { type Packet, packetIn } from './packet.ts'

/** No packet has fields of that length, unless a guest wants it to. */
const LINE_BYTES = 16 * 1024 * 1024

/** What is made of the packets, one after the other; none of them is kept. */
export interface PacketSink {
  add(packet: Packet): void
  /** Called for a packet that has more than is read. */
  skip(): void
}

/** Cuts what `tshark -T ek` writes into packets as it comes. */
export class PacketLines {
  /** How many there were. */
  packets = 0
  readonly #sinks: readonly PacketSink[]
  #parts: Buffer[] = []
  #length = 0

  constructor(sinks: readonly PacketSink[]) {
    this.#sinks = sinks
  }

  /** @throws SeeError `TOOL_FAILED` when a line is no packet's */
  push(part: Buffer): void {
    let start = 0
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, start)) {
      this.#add(part.subarray(start, end))
      this.end()
      start = end + 1
    }
    this.#add(part.subarray(start))
  }

  /** The end of a line, and of the last one. */
  end(): void {
    const isTooLong = this.#length > LINE_BYTES
    const text = Buffer.concat(this.#parts).toString()
    this.#parts = []
    this.#length = 0
    const packet = isTooLong ? undefined : packetIn(text)
    if (packet === undefined && !isTooLong) return
    this.packets++
    for (const sink of this.#sinks) {
      if (packet === undefined) sink.skip()
      else sink.add(packet)
    }
  }

  #add(part: Buffer): void {
    this.#length += part.length
    if (this.#length > LINE_BYTES) this.#parts = []
    else this.#parts.push(part)
  }
}
