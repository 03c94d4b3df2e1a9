import type { Flood } from './frame-flood.ts'

const BROADCAST = 'ffffffffffff'
const SOURCE = '020000000000'

/** Announces another address of another card in each frame. */
export const arpFlood: Flood = {
  frame: Buffer.from(
    `${BROADCAST}${SOURCE}08060001080006040001${SOURCE}0a0100000000000000000a010001`.padEnd(120, '0'),
    'hex',
  ),
  counters: [8, 24, 28],
}

/** Asks for an address for another card in each frame. */
export const dhcpFlood: Flood = { frame: discover(), counters: [8, 46, 72] }

/** Frames of the largest size and an unassigned protocol, each to another address. */
export const rawFlood: Flood = {
  frame: Buffer.concat([Buffer.from(`02aa00000000${SOURCE}88b5`, 'hex'), Buffer.alloc(1500, 0xa5)]),
  counters: [2, 8],
}

/** Frames to an address that bridges must not pass on, with a wrong length. */
export const reservedFlood: Flood = {
  frame: Buffer.from(`0180c2000000${SOURCE}0026424203`.padEnd(120, '0'), 'hex'),
  counters: [8],
}

function discover(): Buffer {
  const request = Buffer.alloc(300)
  request.set([1, 1, 6, 0])
  request.writeUInt16BE(0x8000, 10) // is answered by broadcast
  request.write(SOURCE, 28, 'hex')
  request.write('6382536335010137040103060cff', 236, 'hex')
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(68, 0)
  udp.writeUInt16BE(67, 2)
  udp.writeUInt16BE(udp.length + request.length, 4)
  const ip = Buffer.from('45000000000000004011000000000000ffffffff', 'hex')
  ip.writeUInt16BE(ip.length + udp.length + request.length, 2)
  ip.writeUInt16BE(checksum(ip), 10)
  return Buffer.concat([Buffer.from(`${BROADCAST}${SOURCE}0800`, 'hex'), ip, udp, request])
}

function checksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at)
  return 0xffff - ((sum & 0xffff) + (sum >>> 16))
}
