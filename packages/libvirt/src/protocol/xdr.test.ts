import { describe, expect, test } from 'vitest'
import { XdrError, XdrReader, XdrWriter } from './xdr.ts'

describe('XdrWriter', () => {
  test('writes big-endian words and pads opaque data with zeros', () => {
    const writer = new XdrWriter(1)
    writer.uint32(0xdead_beef)
    writer.int32(-2)
    writer.int64(-3n)
    writer.uint64(2n ** 63n)
    writer.double(1.5)
    writer.opaque(Buffer.from('abcde'))
    expect(writer.finish().toString('hex')).toBe(
      [
        'deadbeef', // unsigned int
        'fffffffe', // int
        'fffffffffffffffd', // hyper
        '8000000000000000', // unsigned hyper
        '3ff8000000000000', // double
        '6162636465000000', // five bytes and three of padding
      ].join(''),
    )
  })
})

describe('XdrReader', () => {
  test('says where bytes are missing', () => {
    const reader = new XdrReader(Buffer.from('0000000100', 'hex'))
    reader.uint32()
    expect(() => reader.uint32()).toThrow(new XdrError('4 bytes needed at byte 4, 1 are left'))
  })

  test('reads opaque data without its padding', () => {
    const reader = new XdrReader(Buffer.from('61626364650000000000002a', 'hex'))
    expect(reader.opaque(5).toString()).toBe('abcde')
    expect(reader.uint32()).toBe(42)
    reader.end()
  })

  test('refuses padding that is missing or not zero', () => {
    expect(() => new XdrReader(Buffer.from('6162', 'hex')).opaque(2)).toThrow(XdrError)
    expect(() => new XdrReader(Buffer.from('61620001', 'hex')).opaque(2)).toThrow('padding at byte 3')
  })

  test('refuses bytes left over', () => {
    const reader = new XdrReader(Buffer.alloc(6))
    reader.uint32()
    expect(() => reader.end()).toThrow('2 bytes left over after byte 4')
  })
})
