import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBody, encodeBody } from './body.ts'
import * as x from './codec.ts'
import { XdrError } from './xdr.ts'

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'))
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((value) => Buffer.from(value))

/** One codec of each kind, nested, with values that fit it. */
const everything = x.struct({
  char: x.char,
  uchar: x.uchar,
  short: x.short,
  ushort: x.ushort,
  int: x.int,
  uint: x.uint,
  hyper: x.hyper,
  uhyper: x.uhyper,
  double: x.double,
  text: x.string(200),
  nullableText: x.nullable(x.string(200)),
  bytes: x.opaque(30),
  uuid: x.opaqueFixed(16),
  list: x.array(
    x.struct({ name: x.string(200), value: x.union(x.arm(1, x.int), x.arm(7, x.string(200))) }),
    5,
  ),
  pair: x.arrayFixed(x.char, 2),
})

const values = fc.record({
  char: fc.integer({ min: -128, max: 127 }),
  uchar: fc.nat(255),
  short: fc.integer({ min: -32_768, max: 32_767 }),
  ushort: fc.nat(65_535),
  int: int32,
  uint: fc.nat(0xffff_ffff),
  hyper: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uhyper: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  double: fc.double(),
  text,
  nullableText: fc.option(text),
  bytes: bytes(30),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((value) => Buffer.from(value)),
  list: fc.array(
    fc.record({
      name: text,
      value: fc.oneof(
        fc.record({ type: fc.constant(1 as const), value: int32 }),
        fc.record({ type: fc.constant(7 as const), value: text }),
      ),
    }),
    { maxLength: 5 },
  ),
  pair: fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 2, maxLength: 2 }),
})

describe('codecs', () => {
  test('decode what they encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeBody(everything, encodeBody(everything, value))).toEqual(value)
      }),
    )
  })

  test('refuse a message that was cut anywhere', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, seed) => {
        const body = encodeBody(everything, value)
        const cut = body.subarray(0, seed % body.length)
        expect(() => decodeBody(everything, cut)).toThrow(XdrError)
      }),
    )
  })

  test('give a value or an XdrError for any bytes, nothing else', () => {
    fc.assert(
      fc.property(bytes(300), (body) => {
        try {
          decodeBody(everything, body)
        } catch (error) {
          expect(error).toBeInstanceOf(XdrError)
        }
      }),
    )
  })

  test('chars and shorts take four bytes each', () => {
    expect(encodeBody(x.arrayFixed(x.char, 2), [-1, 2]).toString('hex')).toBe('ffffffff00000002')
    expect(encodeBody(x.ushort, 65_535).toString('hex')).toBe('0000ffff')
  })

  test('null is a flag of 0', () => {
    const codec = x.nullable(x.string(10))
    expect(encodeBody(codec, null).toString('hex')).toBe('00000000')
    expect(encodeBody(codec, 'a').toString('hex')).toBe('000000010000000161000000')
    expect(() => decodeBody(codec, Buffer.from('00000002', 'hex'))).toThrow('neither 0 (null) nor 1')
  })

  test('a length over its bound is refused before anything is read', () => {
    const lie = Buffer.from('7fffffff', 'hex')
    expect(() => decodeBody(x.string(10), lie)).toThrow('string of 2147483647, at most 10 allowed')
    expect(() => decodeBody(x.opaque(10), lie)).toThrow('at most 10 allowed')
    expect(() => decodeBody(x.array(x.int, 10), lie)).toThrow('at most 10 allowed')
  })

  test('a value that does not fit is refused before anything is sent', () => {
    expect(() => encodeBody(x.string(3), 'äö')).toThrow('string of 4, at most 3 allowed')
    expect(() => encodeBody(x.string(3), 'a\0b')).toThrow('NUL')
    expect(() => encodeBody(x.int, 2 ** 31)).toThrow('does not fit an int')
    expect(() => encodeBody(x.uint, -1)).toThrow('does not fit an unsigned int')
    expect(() => encodeBody(x.uint, 1.5)).toThrow('does not fit')
    expect(() => encodeBody(x.hyper, 2n ** 63n)).toThrow('does not fit a hyper')
    expect(() => encodeBody(x.uhyper, -1n)).toThrow('does not fit an unsigned hyper')
    expect(() => encodeBody(x.opaqueFixed(16), Buffer.alloc(15))).toThrow('16 bytes expected, 15 given')
    expect(() => encodeBody(x.arrayFixed(x.int, 2), [1])).toThrow('2 elements expected, 1 given')
    expect(() => encodeBody(x.array(x.int, 1), [1, 2])).toThrow('array of 2, at most 1 allowed')
  })

  test('an arm that the union does not have is refused', () => {
    const codec = x.union(x.arm(1, x.int))
    expect(() => decodeBody(codec, Buffer.from('0000000900000001', 'hex'))).toThrow('9 names no arm')
    expect(() => encodeBody(codec, { type: 9, value: 1 } as never)).toThrow('9 names no arm')
  })

  test('a message over what a packet holds is refused', () => {
    const codec = x.array(x.string(4_194_304), 100)
    expect(() =>
      encodeBody(
        codec,
        Array.from({ length: 9 }, () => 'x'.repeat(4_194_304)),
      ),
    ).toThrow(XdrError)
  })
})
