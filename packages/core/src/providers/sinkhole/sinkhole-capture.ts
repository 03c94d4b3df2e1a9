import { PassThrough } from 'node:stream'
import type { PacketCapture } from '../../contract/capture-ability.ts'
import { packetHeader, pcapHeader } from './pcap-header.ts'

/** Bytes that may wait to be read; packets beyond that are lost. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

/** What passes between a guest and its sinkhole, as a pcap stream. */
export class SinkholeCapture implements PacketCapture {
  readonly packets = new PassThrough()
  readonly beganLate: boolean
  readonly #snapLength: number
  readonly #ended: () => void
  #lost = 0

  /** @param ended called when no more frames are wanted */
  constructor(snapLength: number, beganLate: boolean, ended: () => void) {
    this.beganLate = beganLate
    this.#snapLength = snapLength
    this.#ended = ended
    this.packets.write(pcapHeader(snapLength))
  }

  get loss(): string | undefined {
    return this.#lost === 0 ? undefined : `${this.#lost} packets came faster than they could be written`
  }

  add(frame: Buffer): void {
    if (this.packets.destroyed || this.packets.writableLength > MOST_WAITING_BYTES) this.#lost++
    else {
      const kept = frame.subarray(0, this.#snapLength)
      this.packets.write(Buffer.concat([packetHeader(kept.length, frame.length, Date.now()), kept]))
    }
  }

  async stop(): Promise<void> {
    this.#ended()
    this.packets.end()
  }
}
