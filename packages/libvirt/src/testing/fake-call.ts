import { encodeBody } from '../protocol/body.ts'
import type { ErrorBody } from '../protocol/libvirt-error.ts'
import { encodePacket, MessageStatus, MessageType, type Packet } from '../protocol/packet.ts'
import { error as errorCodec } from '../protocol/protocol.gen.ts'
import { encodeResult, type AnyCallName, type AnyResultOf } from './any-call.ts'
import type { FakePeer } from './fake-peer.ts'

/** A call that the fake daemon received. Its replies can be sent, or taken as bytes to be mangled first. */
export class FakeCall<N extends AnyCallName> {
  readonly name: N
  readonly packet: Packet
  readonly peer: FakePeer

  constructor(name: N, packet: Packet, peer: FakePeer) {
    this.name = name
    this.packet = packet
    this.peer = peer
  }

  reply(result: AnyResultOf<N>): void {
    this.peer.send(this.replyBytes(result))
  }

  replyError(error: Partial<ErrorBody>): void {
    this.peer.send(this.errorBytes(error))
  }

  replyBytes(result: AnyResultOf<N>): Buffer {
    return this.bytes(encodeResult(this.name, result))
  }

  /** A reply with any body at all. */
  bytes(body: Buffer): Buffer {
    return encodePacket({ ...this.packet, type: MessageType.reply, status: MessageStatus.ok }, body)
  }

  errorBytes(error: Partial<ErrorBody>): Buffer {
    const body = encodeBody(errorCodec, errorBody(error))
    return encodePacket({ ...this.packet, type: MessageType.reply, status: MessageStatus.error }, body)
  }

  /** A reply that claims to bring file descriptors, each with its stray byte after the packet. */
  replyWithFdsBytes(result: AnyResultOf<N>, descriptors: number): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(descriptors)
    const body = Buffer.concat([count, encodeResult(this.name, result)])
    const header = { ...this.packet, type: MessageType.replyWithFds, status: MessageStatus.ok }
    return Buffer.concat([encodePacket(header, body), Buffer.alloc(descriptors)])
  }

  /** A packet of the stream that this call opened. */
  stream(status: number, body?: Buffer): void {
    this.peer.send(encodePacket({ ...this.packet, type: MessageType.stream, status }, body))
  }

  streamError(error: Partial<ErrorBody>): void {
    this.stream(MessageStatus.error, encodeBody(errorCodec, errorBody(error)))
  }
}

function errorBody(error: Partial<ErrorBody>): ErrorBody {
  const nothing = { dom: null, str1: null, str2: null, str3: null, int1: 0, int2: 0, net: null }
  return { code: 1, domain: 0, message: 'made up', level: 2, ...nothing, ...error }
}
