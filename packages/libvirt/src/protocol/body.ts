import type { Codec } from './codec.ts'
import { BODY_BYTES_MAX } from './packet.ts'
import { XdrError, XdrReader, XdrWriter } from './xdr.ts'

/** The bytes of a message's body. Throws XdrError if a value does not fit its field, or all of them a packet. */
export function encodeBody<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter()
  codec.encode(writer, value)
  const body = writer.finish()
  if (body.length > BODY_BYTES_MAX) {
    throw new XdrError(`a message of ${body.length} bytes, at most ${BODY_BYTES_MAX} fit a packet`)
  }
  return body
}

/** The value of a whole body. Throws XdrError, also when bytes are left over. */
export function decodeBody<T>(codec: Codec<T>, body: Buffer): T {
  const reader = new XdrReader(body)
  const value = codec.decode(reader)
  reader.end()
  return value
}
