import { randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import type { Ipv4 } from './packet.ts'
import { after, FLAG, plus, tcp, type TcpSegment } from './tcp-segment.ts'

/** What fits a frame of 1500 bytes. */
const SEGMENT_BYTES = 1460
const WINDOW = 0xffff
/** Bytes that may wait to be looked at. */
const MOST_UNREAD_BYTES = 128 * 1024

/** The two ends of a connection that the guest opened. */
export interface Ends {
  readonly guest: string
  readonly guestPort: number
  readonly address: string
  readonly port: number
}

/**
 * The sinkhole's end of one TCP connection, as a stream of what the guest sends. The link to QEMU neither loses nor
 * reorders frames, so nothing is sent again but acknowledgements.
 */
export class TcpConnection extends Duplex {
  readonly ends: Ends
  /** When the guest sent something last, by `performance.now()`. */
  latest = performance.now()
  readonly #transmit: (packet: Ipv4) => void
  readonly #start = randomBytes(4).readUInt32BE()
  #received: number
  #sent: number
  #acknowledged: number
  #window: number
  #waiting: { bytes: Buffer; done: () => void }[] = []
  #ending: (() => void) | undefined
  #hasFinished = false
  #hasEnded = false

  constructor(ends: Ends, syn: TcpSegment, transmit: (packet: Ipv4) => void) {
    super({ allowHalfOpen: true })
    this.ends = ends
    this.#transmit = transmit
    this.#received = plus(syn.sequence, 1)
    this.#acknowledged = this.#start
    this.#sent = plus(this.#start, 1)
    this.#window = syn.window
    this.on('error', () => undefined)
    this.#sendSyn()
  }

  /** Handles what the guest sent on it. */
  receive(segment: TcpSegment): void {
    this.latest = performance.now()
    if ((segment.flags & FLAG.rst) !== 0) return void this.destroy()
    if ((segment.flags & FLAG.syn) !== 0) return this.#sendSyn()
    if ((segment.flags & FLAG.ack) !== 0) this.#acknowledge(segment)
    // What is not acknowledged, the guest sends again.
    if (this.readableLength > MOST_UNREAD_BYTES) return
    const fresh = this.#freshOf(segment)
    if (fresh.length > 0) {
      this.#received = plus(this.#received, fresh.length)
      this.push(Buffer.from(fresh))
    }
    const finishes =
      (segment.flags & FLAG.fin) !== 0 &&
      plus(segment.sequence, segment.payload.length) === this.#received &&
      !this.#hasEnded
    if (finishes) {
      this.#hasEnded = true
      this.#received = plus(this.#received, 1)
      this.push(null)
    }
    if (segment.payload.length > 0 || (segment.flags & FLAG.fin) !== 0) this.#sendSegment(FLAG.ack)
    if (this.#hasEnded && this.#hasFinished && this.#acknowledged === this.#sent) this.destroy()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#waiting.push({ bytes: chunk, done })
    this.#flush()
  }

  override _final(done: () => void): void {
    this.#ending = done
    this.#flush()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isClean = this.#hasEnded && this.#hasFinished
    if (!isClean) this.#sendSegment(FLAG.rst | FLAG.ack)
    for (const each of this.#waiting.splice(0)) each.done()
    if (!this.#hasFinished) this.#ending?.()
    done(error)
  }

  #acknowledge({ acknowledged, window }: TcpSegment): void {
    this.#window = window
    const isNew = after(acknowledged, this.#acknowledged) > 0 && after(this.#sent, acknowledged) >= 0
    if (isNew) this.#acknowledged = acknowledged
    this.#flush()
  }

  /** What of a segment was not there before; nothing of one that does not follow what was. */
  #freshOf({ sequence, payload }: TcpSegment): Buffer {
    const known = after(this.#received, sequence)
    return known < 0 || this.#hasEnded ? Buffer.alloc(0) : payload.subarray(known)
  }

  /** Sends what the guest has room for. */
  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const room = this.#window - after(this.#sent, this.#acknowledged)
      if (room <= 0) return
      const part = next.bytes.subarray(0, Math.min(room, SEGMENT_BYTES))
      this.#sendSegment(FLAG.ack | FLAG.psh, part)
      this.#sent = plus(this.#sent, part.length)
      next.bytes = next.bytes.subarray(part.length)
      if (next.bytes.length > 0) continue
      this.#waiting.shift()
      next.done()
    }
    if (this.#ending === undefined || this.#hasFinished) return
    this.#hasFinished = true
    this.#sendSegment(FLAG.fin | FLAG.ack)
    this.#sent = plus(this.#sent, 1)
    this.#ending()
  }

  #sendSyn(): void {
    this.#transmitAt(this.#start, FLAG.syn | FLAG.ack, Buffer.alloc(0))
  }

  #sendSegment(flags: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#transmitAt(this.#sent, flags, payload)
  }

  #transmitAt(sequence: number, flags: number, payload: Buffer): void {
    const { guest, guestPort, address, port } = this.ends
    const segment = { sourcePort: port, port: guestPort, sequence, flags, window: WINDOW, payload }
    this.#transmit(tcp(address, guest, { ...segment, acknowledged: this.#received }))
  }
}
