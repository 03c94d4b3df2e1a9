import { after, FLAG, plus } from './tcp-segment.ts'

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000

/** A part of the stream as it was sent; a FIN counts as one byte. */
interface Sent {
  readonly sequence: number
  readonly flags: number
  readonly payload: Buffer
}

/**
 * What was sent and not acknowledged yet: at most the peer's window. A frame is lost where a guest does not read, or has
 * no memory: what is not acknowledged is sent again, later each time.
 */
export class Unacknowledged {
  readonly #send: (sent: Sent) => void
  readonly #sent: Sent[] = []
  #retrying: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS
  /** Everything before this number is sent again, a segment for each acknowledgement. */
  #recoverUntil: number
  /** The number behind everything that was sent. */
  #end: number

  /** @param start the first sequence number of the stream */
  constructor(start: number, send: (sent: Sent) => void) {
    this.#recoverUntil = start
    this.#end = start
    this.#send = send
  }

  /** Sends it until it is acknowledged. */
  add(sent: Sent): void {
    this.#sent.push(sent)
    this.#end = endOf(sent)
    this.#send(sent)
    if (this.#retrying === undefined) this.#await()
  }

  /** Forgets what comes before the number, which has moved on. */
  acknowledge(acknowledged: number): void {
    this.#retryMs = FIRST_RETRY_MS
    const rest = this.#sent.findIndex((sent) => after(endOf(sent), acknowledged) > 0)
    this.#sent.splice(0, rest < 0 ? this.#sent.length : rest)
    this.#await()
    if (after(this.#recoverUntil, acknowledged) > 0) this.#sendAgain()
    else this.#recoverUntil = acknowledged
  }

  /** Sends nothing again any more. */
  stop(): void {
    clearTimeout(this.#retrying)
  }

  #await(): void {
    clearTimeout(this.#retrying)
    this.#retrying = undefined
    if (this.#sent.length === 0) return
    this.#retrying = setTimeout(() => {
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
      this.#recoverUntil = this.#end
      this.#sendAgain()
      this.#await()
    }, this.#retryMs).unref()
  }

  #sendAgain(): void {
    const [first] = this.#sent
    if (first !== undefined) this.#send(first)
  }
}

/** The number behind the last one that it takes. */
export function endOf({ sequence, flags, payload }: Sent): number {
  return plus(sequence, payload.length + (flags & FLAG.fin))
}
