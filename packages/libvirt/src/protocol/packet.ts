/** Facts: virnetprotocol.x of libvirt. A packet is its length (u32, counting itself), a header of six u32, a body. */
export const MessageType = {
  call: 0,
  reply: 1,
  event: 2,
  stream: 3,
  callWithFds: 4,
  replyWithFds: 5,
  streamHole: 6,
} as const

export const MessageStatus = { ok: 0, error: 1, continue: 2 } as const

const PROTOCOL_VERSION = 1
const LENGTH_BYTES = 4
const HEADER_BYTES = 24
/** 32 MiB of message, and the length word that it does not count. */
const PACKET_BYTES_MAX = 32 * 1024 * 1024 + LENGTH_BYTES
export const BODY_BYTES_MAX = PACKET_BYTES_MAX - LENGTH_BYTES - HEADER_BYTES
const FDS_MAX = 32

export interface Header {
  readonly program: number
  readonly procedure: number
  readonly type: number
  readonly serial: number
  readonly status: number
}

export interface Packet extends Header {
  /** What follows the header, without the count of file descriptors. A view: copy it to keep it. */
  readonly body: Buffer
}

/** The peer does not speak the protocol; nothing after this can be trusted. */
export class PacketError extends Error {
  override name = 'PacketError'
}

export function encodePacket(header: Header, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const length = LENGTH_BYTES + HEADER_BYTES + body.length
  if (length > PACKET_BYTES_MAX) {
    throw new PacketError(`a packet of ${length} bytes is over the protocol's limit of ${PACKET_BYTES_MAX}`)
  }
  const packet = Buffer.allocUnsafe(length)
  const words = [length, header.program, PROTOCOL_VERSION, header.procedure, header.type, header.serial]
  words.forEach((word, i) => packet.writeUInt32BE(word, i * 4))
  packet.writeUInt32BE(header.status, 24)
  packet.set(body, LENGTH_BYTES + HEADER_BYTES)
  return packet
}

/** Cuts a stream of bytes into packets, however the bytes are chunked. */
export class PacketParser {
  #chunks: Buffer[] = []
  #buffered = 0
  #strayBytes = 0

  /** Adds bytes; {@link next} then gives the packets they complete. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
  }

  /** The next whole packet, or undefined. Throws {@link PacketError} at a length or version that cannot be. */
  next(): Packet | undefined {
    if (!this.#skipStrayBytes() || this.#buffered < LENGTH_BYTES) return undefined
    const length = this.#peek(LENGTH_BYTES).readUInt32BE(0)
    if (length < LENGTH_BYTES + HEADER_BYTES || length > PACKET_BYTES_MAX) {
      throw new PacketError(
        `a packet cannot be ${length} bytes long: the peer does not speak libvirt's protocol`,
      )
    }
    if (this.#buffered < length) return undefined
    return this.#parse(this.#take(length))
  }

  #parse(bytes: Buffer): Packet {
    const version = bytes.readUInt32BE(8)
    if (version !== PROTOCOL_VERSION) throw new PacketError(`protocol version ${version}, only 1 is known`)
    const type = bytes.readUInt32BE(16)
    let body = bytes.subarray(LENGTH_BYTES + HEADER_BYTES)
    if (type === MessageType.replyWithFds || type === MessageType.callWithFds) {
      // Node cannot receive descriptors. Their count comes before the body; each was attached to one byte sent after
      // the packet, which arrives although the descriptor does not.
      if (body.length < 4) throw new PacketError('a packet with file descriptors does not give their number')
      this.#strayBytes = body.readUInt32BE(0)
      if (this.#strayBytes > FDS_MAX)
        throw new PacketError(`${this.#strayBytes} file descriptors, ${FDS_MAX} allowed`)
      body = body.subarray(4)
    }
    return {
      program: bytes.readUInt32BE(4),
      procedure: bytes.readUInt32BE(12),
      type,
      serial: bytes.readUInt32BE(20),
      status: bytes.readUInt32BE(24),
      body,
    }
  }

  #skipStrayBytes(): boolean {
    const skipped = Math.min(this.#strayBytes, this.#buffered)
    if (skipped > 0) this.#take(skipped)
    this.#strayBytes -= skipped
    return this.#strayBytes === 0
  }

  #peek(count: number): Buffer {
    const first = this.#chunks[0]
    if (first !== undefined && first.length >= count) return first
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined
  }

  /** Joins chunks once a whole packet is there, so that a large packet in small chunks is copied once. */
  #take(count: number): Buffer {
    const bytes = this.#peek(count)
    const rest = bytes.subarray(count)
    if (rest.length > 0) this.#chunks[0] = rest
    else this.#chunks.shift()
    this.#buffered -= count
    return bytes.subarray(0, count)
  }
}
