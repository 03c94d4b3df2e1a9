import { randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import type { Ipv4 } from './packet.ts'
import { after, FLAG, MOST_SEGMENT_OPTION, plus, SEGMENT_BYTES, tcp, type TcpSegment } from './tcp-segment.ts'
import { endOf, Unacknowledged } from './unacknowledged.ts'

/** Bytes that may wait to be read: the largest window without scaling. */
const MOST_UNREAD_BYTES = 0xffff
/** A window that shrank below this is announced once it has grown to more. */
const SMALL_WINDOW_BYTES = MOST_UNREAD_BYTES / 2
/** Node stops calling `_read` at this many unread bytes, and calls it again below: the window is announced there. */
const READ_AHEAD_BYTES = 16 * 1024
const NOTHING = Buffer.alloc(0)

/** The two ends of a connection that the guest opened. */
export interface Ends {
  readonly guest: string
  readonly guestPort: number
  readonly address: string
  readonly port: number
}

/**
 * This process's end of one TCP connection that the guest opens, as a stream of what the guest sends. The guest waits for
 * {@link accept}; destroyed before that, the connection is refused. Window sizes hold both sides back.
 */
export class TcpConnection extends Duplex {
  readonly ends: Ends
  /** When the guest sent something last, by `performance.now()`. */
  latest = performance.now()
  readonly #transmit: (packet: Ipv4) => void
  readonly #start = randomBytes(4).readUInt32BE()
  #state: 'new' | 'accepted' | 'open' = 'new'
  #received: number
  /** The window as the guest knows it. */
  #announced = MOST_UNREAD_BYTES
  #sent: number
  #acknowledged: number
  #window: number
  readonly #unacknowledged = new Unacknowledged(this.#start, ({ sequence, flags, payload }) =>
    this.#transmitAt(sequence, flags, payload),
  )
  #waiting: { bytes: Buffer; done: () => void }[] = []
  #ending: (() => void) | undefined
  #hasFinished = false
  #hasEnded = false

  constructor(ends: Ends, syn: TcpSegment, transmit: (packet: Ipv4) => void) {
    super({ allowHalfOpen: true, autoDestroy: false, readableHighWaterMark: READ_AHEAD_BYTES })
    this.ends = ends
    this.#transmit = transmit
    this.#received = plus(syn.sequence, 1)
    this.#acknowledged = this.#start
    this.#sent = plus(this.#start, 1)
    this.#window = syn.window
    this.on('error', () => undefined)
    this.on('end', () => this.#destroyWhenDone())
  }

  /** Whether both sides have ended it, and everything has arrived. */
  get isDone(): boolean {
    return this.readableEnded && this.#hasFinished && this.#acknowledged === this.#sent
  }

  /** Whether the guest still has to confirm that it opened it. */
  get isOpening(): boolean {
    return this.#state !== 'open'
  }

  /** Lets the guest connect. */
  accept(): void {
    if (this.destroyed || this.#state !== 'new') return
    this.#state = 'accepted'
    this.latest = performance.now()
    this.#sendSyn()
  }

  /** Has a guest that has been quiet answer: one that does not know the connection any more resets it. */
  probe(): void {
    this.#transmitAt(plus(this.#sent, -1), FLAG.ack, NOTHING)
  }

  /** Handles what the guest sent on it. */
  receive(segment: TcpSegment): void {
    this.latest = performance.now()
    if ((segment.flags & FLAG.rst) !== 0) return void this.destroy()
    if (this.#state === 'new') return
    if ((segment.flags & FLAG.syn) !== 0) {
      // A guest that has been started again may use the same port: it resets what it does not know.
      return this.#state === 'open' ? this.#sendSegment(FLAG.ack) : this.#sendSyn()
    }
    const isExpected = segment.sequence === this.#received
    if ((segment.flags & FLAG.ack) !== 0) this.#acknowledge(segment)
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
    if (segment.payload.length > 0 || (segment.flags & FLAG.fin) !== 0 || !isExpected) {
      this.#sendSegment(FLAG.ack)
    }
    this.#destroyWhenDone()
  }

  override _read(): void {
    if (this.#state !== 'open' || this.#hasEnded || this.destroyed) return
    if (this.#announced < SMALL_WINDOW_BYTES && this.#room > SMALL_WINDOW_BYTES) this.#sendSegment(FLAG.ack)
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#waiting.push({ bytes: chunk, done })
    this.#flush()
  }

  override _final(done: () => void): void {
    this.#ending = done
    this.#flush()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#unacknowledged.stop()
    if (!this.isDone) this.#sendSegment(FLAG.rst | FLAG.ack)
    for (const each of this.#waiting.splice(0)) each.done()
    if (!this.#hasFinished) this.#ending?.()
    done(error)
  }

  #destroyWhenDone(): void {
    if (this.isDone) this.destroy()
  }

  #acknowledge({ acknowledged, window }: TcpSegment): void {
    const isKnown = after(acknowledged, this.#acknowledged) >= 0 && after(this.#sent, acknowledged) >= 0
    if (!isKnown) return
    this.#window = window
    if (after(acknowledged, this.#start) > 0) this.#state = 'open'
    if (acknowledged !== this.#acknowledged) {
      this.#acknowledged = acknowledged
      this.#unacknowledged.acknowledge(acknowledged)
    }
    this.#flush()
  }

  /** The bytes of a segment that are new and have room; none of one that does not follow what was received. */
  #freshOf({ sequence, payload }: TcpSegment): Buffer {
    const known = after(this.#received, sequence)
    return known < 0 || this.#hasEnded ? NOTHING : payload.subarray(known, known + this.#room)
  }

  get #room(): number {
    return Math.max(0, MOST_UNREAD_BYTES - this.readableLength)
  }

  /** Sends what the guest has room for. */
  #flush(): void {
    if (this.#state !== 'open') return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const room = this.#window - after(this.#sent, this.#acknowledged)
      if (room <= 0) return
      const part = next.bytes.subarray(0, Math.min(room, SEGMENT_BYTES))
      this.#sendOnce(FLAG.ack | FLAG.psh, part)
      next.bytes = next.bytes.subarray(part.length)
      if (next.bytes.length > 0) continue
      this.#waiting.shift()
      next.done()
    }
    if (this.#ending === undefined || this.#hasFinished) return
    this.#hasFinished = true
    this.#sendOnce(FLAG.fin | FLAG.ack, NOTHING)
    this.#ending()
  }

  /** Sends what has to be acknowledged. */
  #sendOnce(flags: number, payload: Buffer): void {
    const sent = { sequence: this.#sent, flags, payload }
    this.#unacknowledged.add(sent)
    this.#sent = endOf(sent)
  }

  #sendSyn(): void {
    this.#transmitAt(this.#start, FLAG.syn | FLAG.ack, NOTHING)
  }

  #sendSegment(flags: number): void {
    this.#transmitAt(this.#sent, flags, NOTHING)
  }

  #transmitAt(sequence: number, flags: number, payload: Buffer): void {
    const { guest, guestPort, address, port } = this.ends
    this.#announced = this.#room
    this.#transmit(
      tcp(
        address,
        guest,
        {
          sourcePort: port,
          port: guestPort,
          sequence,
          acknowledged: this.#received,
          flags,
          window: this.#announced,
          payload,
        },
        (flags & FLAG.syn) === 0 ? undefined : MOST_SEGMENT_OPTION,
      ),
    )
  }
}
