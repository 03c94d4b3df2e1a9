import type { Duplex } from 'node:stream'
import { decodeBody } from '../protocol/body.ts'
import { LibvirtError } from '../protocol/libvirt-error.ts'
import { encodePacket, MessageStatus, MessageType, type Header, type Packet } from '../protocol/packet.ts'
import { error as errorCodec } from '../protocol/protocol.gen.ts'

/** What libvirt has always accepted in one packet (VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX). */
const CHUNK_BYTES = 262_120

export interface ChannelListener {
  data(chunk: Buffer): void
  /** The stream was finished and the daemon confirmed it. */
  end(): void
  error(error: Error): void
}

/** One stream of a connection: data both ways, then a handshake in which each side says OK. */
export class StreamChannel {
  readonly #socket: Duplex
  readonly #header: Omit<Header, 'type' | 'status'>
  /** What came before anyone listened: at most the rest of the chunk that brought the reply. */
  #early: Packet[] = []
  #listener: ChannelListener | undefined
  #failure: Error | undefined
  #state: 'open' | 'finishing' | 'over' = 'open'

  constructor(socket: Duplex, header: Omit<Header, 'type' | 'status'>) {
    this.#socket = socket
    this.#header = header
  }

  attach(listener: ChannelListener): void {
    this.#listener = listener
    for (const packet of this.#early.splice(0)) this.receive(packet)
    if (this.#failure !== undefined) listener.error(this.#failure)
  }

  /** Stops reading the socket, the whole connection with it: hence a connection for each stream. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Sends data; `done` is called when the kernel has taken it. */
  send(data: Buffer, done: (error?: Error | null) => void): void {
    const packets: Buffer[] = []
    for (let at = 0; at < data.length; at += CHUNK_BYTES) {
      packets.push(this.#packet(MessageStatus.continue, data.subarray(at, at + CHUNK_BYTES)))
    }
    // An empty packet would mean the end of the stream.
    if (packets.length === 0) return done()
    this.#socket.write(packets.length === 1 ? (packets[0] ?? '') : Buffer.concat(packets), done)
  }

  /** Says that all is sent, or received. The listener's `end` follows when the daemon has confirmed. */
  finish(): void {
    if (this.#state !== 'open') return
    this.#state = 'finishing'
    this.#socket.write(this.#packet(MessageStatus.ok))
  }

  /** Asks the daemon to drop the stream, unless it is over. */
  abort(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    if (!this.#socket.destroyed) this.#socket.write(this.#packet(MessageStatus.error))
  }

  receive(packet: Packet): void {
    if (this.#state === 'over') return
    if (this.#listener === undefined) {
      this.#early.push(packet)
    } else if (packet.type !== MessageType.stream) {
      throw new Error('a hole in a stream that was not opened as sparse')
    } else if (packet.status === MessageStatus.error) {
      this.fail(new LibvirtError(decodeBody(errorCodec, packet.body)))
    } else if (packet.status === MessageStatus.ok) {
      if (this.#state !== 'finishing') throw new Error('the end of a stream confirmed before it was reached')
      this.#state = 'over'
      this.#listener.end()
    } else if (packet.body.length > 0) {
      this.#listener.data(packet.body)
    } else {
      // Without this answer the daemon keeps the stream's descriptors until the connection ends.
      this.finish()
    }
  }

  fail(error: Error): void {
    if (this.#state === 'over') return
    this.#failure = error
    if (this.#listener === undefined) return
    this.#state = 'over'
    this.#listener.error(error)
  }

  #packet(status: number, body?: Buffer): Buffer {
    return encodePacket({ ...this.#header, type: MessageType.stream, status }, body)
  }
}
