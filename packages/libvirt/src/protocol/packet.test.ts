import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodePacket, MessageType, PacketError, PacketParser, type Packet } from './packet.ts'

const header = { program: 0x2000_8086, procedure: 66, type: 0, serial: 3, status: 0 }

function parseAll(chunks: Buffer[]): Packet[] {
  const parser = new PacketParser()
  const packets: Packet[] = []
  for (const chunk of chunks) {
    parser.push(chunk)
    for (let packet = parser.next(); packet !== undefined; packet = parser.next()) packets.push(packet)
  }
  return packets
}

/** Cuts bytes at the given places. */
function cutAt(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

test('a packet is its length, six words and the body', () => {
  expect(encodePacket(header, Buffer.from('0000002a', 'hex')).toString('hex')).toBe(
    [
      '00000020', // 32 bytes, these four included
      '20008086', // program: remote
      '00000001', // version
      '00000042', // procedure: AUTH_LIST
      '00000000', // type: call
      '00000003', // serial
      '00000000', // status: ok
      '0000002a', // body
    ].join(''),
  )
})

describe('PacketParser', () => {
  test('finds the same packets however the bytes are cut', () => {
    const packet = fc.record({
      header: fc.record({
        program: fc.nat(0xffff_ffff),
        procedure: fc.nat(500),
        type: fc.constantFrom(MessageType.reply, MessageType.event, MessageType.stream),
        serial: fc.nat(0xffff_ffff),
        status: fc.nat(2),
      }),
      body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 6 }), fc.array(fc.nat()), (packets, places) => {
        const bytes = Buffer.concat(packets.map((p) => encodePacket(p.header, p.body)))
        expect(parseAll(cutAt(bytes, places))).toEqual(packets.map((p) => ({ ...p.header, body: p.body })))
      }),
    )
  })

  test('skips the count and the stray bytes of file descriptors, however they are cut', () => {
    const body = Buffer.from('000000020000002a', 'hex')
    const withFds = encodePacket({ ...header, type: MessageType.replyWithFds }, body)
    const next = encodePacket({ ...header, serial: 4, type: MessageType.reply })
    const bytes = Buffer.concat([withFds, Buffer.from([0, 0]), next])
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        const packets = parseAll(cutAt(bytes, places))
        expect(packets.map((p) => [p.serial, p.body.toString('hex')])).toEqual([
          [3, '0000002a'],
          [4, ''],
        ])
      }),
    )
  })

  test.each([
    ['shorter than a header', '0000001b'],
    ['longer than the limit', '02000005'],
    ['the start of an HTTP answer', Buffer.from('HTTP').toString('hex')],
  ])('refuses a length that is %s', (_, length) => {
    expect(() => parseAll([Buffer.from(length, 'hex')])).toThrow(PacketError)
  })

  test('refuses another version, and more descriptors than the protocol allows', () => {
    const version2 = encodePacket(header)
    version2.writeUInt32BE(2, 8)
    expect(() => parseAll([version2])).toThrow('protocol version 2')
    const body = Buffer.from('00000021', 'hex')
    expect(() => parseAll([encodePacket({ ...header, type: MessageType.replyWithFds }, body)])).toThrow(
      '33 file',
    )
    expect(() => parseAll([encodePacket({ ...header, type: MessageType.replyWithFds })])).toThrow(PacketError)
  })
})

test('a body over the limit cannot be sent', () => {
  expect(() => encodePacket(header, Buffer.alloc(32 * 1024 * 1024))).toThrow(PacketError)
})
