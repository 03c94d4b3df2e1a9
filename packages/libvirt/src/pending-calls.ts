import { type Header, MessageStatus, MessageType, type Packet } from './packet.ts'

interface PendingCall {
  readonly program: number
  readonly number: number
  settle(packet: Packet): void
}

/** The calls that were sent and not answered yet, by their serial numbers. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>()
  #serial = 0

  /** Returns the header that the call is to be sent with. */
  add(call: PendingCall): Header {
    const serial = ++this.#serial
    this.#calls.set(serial, call)
    const { program, number: procedure } = call
    return { program, procedure, type: MessageType.call, serial, status: MessageStatus.ok }
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
