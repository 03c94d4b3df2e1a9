import { type Header, MessageStatus, MessageType, type Packet } from '../protocol/packet.ts'

interface PendingCall {
  readonly program: number
  readonly number: number
  settle(packet: Packet): void
}

/** The calls that were sent and not answered yet, by their serial numbers. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>()
  #serial: number

  /** @param serial the last number that was given away */
  constructor(serial = 0) {
    this.#serial = serial
  }

  /** Returns the header to send the call with. */
  add(call: PendingCall): Header {
    const serial = this.#nextSerial()
    this.#calls.set(serial, call)
    const { program, number: procedure } = call
    return { program, procedure, type: MessageType.call, serial, status: MessageStatus.ok }
  }

  /** It is a word in the packet; 0 is that of events, and a call may wait longer than a round of them takes. */
  #nextSerial(): number {
    do this.#serial = (this.#serial + 1) >>> 0
    while (this.#serial === 0 || this.#calls.has(this.#serial))
    return this.#serial
  }

  has(serial: number): boolean {
    return this.#calls.has(serial)
  }

  /** Gives a reply to the call that it is for; throws when there is none. */
  settle(packet: Packet): void {
    const call = this.#calls.get(packet.serial)
    if (call === undefined) throw new Error(`a reply to call ${packet.serial}, which is not waiting`)
    if (packet.program !== call.program || packet.procedure !== call.number) {
      throw new Error(`a reply of procedure ${packet.procedure} to a call of ${call.number}`)
    }
    this.#calls.delete(packet.serial)
    call.settle(packet)
  }

  clear(): void {
    this.#calls.clear()
  }
}
