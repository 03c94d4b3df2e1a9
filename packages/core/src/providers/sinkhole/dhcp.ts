import { addressBytes } from './datagrams.ts'

/** RFC 2131: of the message's fixed part, and of the cookie before its options. */
const FIXED_BYTES = 236
const COOKIE = Buffer.from('63825363', 'hex')
const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6 } as const
const REQUESTED_ADDRESS = 50
const MESSAGE_TYPE = 53
const END = 255
const LEASE_SECONDS = 86_400

/** The addresses that a guest learns. */
export interface Lease {
  readonly guest: string
  /** The DHCP server. */
  readonly host: string
  readonly netmask: string
  /** Undefined for a guest without a route. */
  readonly router: string | undefined
  readonly nameServer: string
}

/**
 * Answers a DHCP message of the guest's: it may have its one address, and no other.
 * @returns undefined for what needs no answer
 */
export function answerDhcp(message: Buffer, lease: Lease): Buffer | undefined {
  if (message.length < FIXED_BYTES + COOKIE.length || message.readUInt8() !== 1) return undefined
  if (!message.subarray(FIXED_BYTES, FIXED_BYTES + COOKIE.length).equals(COOKIE)) return undefined
  const options = optionsOf(message.subarray(FIXED_BYTES + COOKIE.length))
  const type = options.get(MESSAGE_TYPE)?.[0]
  if (type === TYPE.discover) return answer(message, TYPE.offer, lease)
  if (type !== TYPE.request) return undefined
  // A guest that renews says its address in the fixed part.
  const wanted = options.get(REQUESTED_ADDRESS) ?? message.subarray(12, 16)
  return answer(message, wanted.equals(addressBytes(lease.guest)) ? TYPE.ack : TYPE.nak, lease)
}

/** Whether an answer gives the guest its address. */
export function isAck(message: Buffer): boolean {
  // The type comes first of all options.
  return message[FIXED_BYTES + COOKIE.length + 2] === TYPE.ack
}

function answer(question: Buffer, type: number, { guest, host, netmask, router, nameServer }: Lease): Buffer {
  const fixed = Buffer.from(question.subarray(0, FIXED_BYTES))
  fixed.writeUInt8(2, 0)
  fixed.fill(0, 44)
  const isNak = type === TYPE.nak
  if (!isNak) addressBytes(guest).copy(fixed, 16)
  addressBytes(host).copy(fixed, 20)
  const seconds = Buffer.alloc(4)
  seconds.writeUInt32BE(LEASE_SECONDS)
  const server = option(54, addressBytes(host))
  const rest = isNak
    ? [server]
    : [
        server,
        option(51, seconds),
        option(1, addressBytes(netmask)),
        ...(router === undefined ? [] : [option(3, addressBytes(router))]),
        option(6, addressBytes(nameServer)),
      ]
  return Buffer.concat([fixed, COOKIE, option(MESSAGE_TYPE, Buffer.of(type)), ...rest, Buffer.of(END)])
}

function option(code: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(code, value.length), value])
}

function optionsOf(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>()
  for (let offset = 0; offset + 1 < bytes.length; ) {
    const code = bytes.readUInt8(offset)
    if (code === END) break
    if (code === 0) {
      offset++
      continue
    }
    const end = offset + 2 + bytes.readUInt8(offset + 1)
    options.set(code, bytes.subarray(offset + 2, end))
    offset = end
  }
  return options
}
