import { decodeBody } from './body.ts'
import { LibvirtError } from './libvirt-error.ts'
import { MessageStatus, type Packet } from './packet.ts'
import type { Call } from './procedure.ts'
import { error as errorCodec } from './protocol.gen.ts'

/** What a reply says. Throws LibvirtError when it is an error, XdrError when its bytes are neither. */
export function resultIn<A, R>(procedure: Call<A, R>, packet: Packet): R {
  if (packet.status === MessageStatus.ok) return decodeBody(procedure.result, packet.body)
  throw new LibvirtError(decodeBody(errorCodec, packet.body))
}
