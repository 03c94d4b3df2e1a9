import type { Socket } from 'node:net'
import { encodeBody } from '../protocol/body.ts'
import { KEEPALIVE_PING, KEEPALIVE_PROGRAM } from '../rpc/keepalive.ts'
import { encodePacket, MessageStatus, MessageType } from '../protocol/packet.ts'
import { eventTable, type EventName, type MessageOf } from '../protocol/procedure-types.ts'

/** One client's connection to the fake daemon. */
export class FakePeer {
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** Any bytes at all; several arguments go out in one write. */
  send(...bytes: Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes))
  }

  /** Sends only the first bytes of something, then closes. */
  cut(bytes: Buffer, count: number): void {
    this.socket.end(bytes.subarray(0, count))
  }

  /** The bytes of an event. */
  eventBytes<N extends EventName>(name: N, message: MessageOf<N>): Buffer {
    const { program, number, message: codec } = eventTable[name]
    const header = {
      program,
      procedure: number,
      type: MessageType.event,
      serial: 0,
      status: MessageStatus.ok,
    }
    return encodePacket(header, encodeBody(codec, message))
  }

  ping(): void {
    this.keepalive(KEEPALIVE_PING)
  }

  keepalive(procedure: number): void {
    const header = { program: KEEPALIVE_PROGRAM, procedure, type: MessageType.event, serial: 0, status: 0 }
    this.send(encodePacket(header))
  }
}
