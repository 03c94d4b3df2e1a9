import { XdrError, type XdrReader, type XdrWriter } from './xdr.ts'

/** How one type of the protocol goes to bytes and back. Both directions throw {@link XdrError}. */
export interface Codec<T> {
  encode(writer: XdrWriter, value: T): void
  decode(reader: XdrReader): T
}

export const int = integer('int', -0x8000_0000, 0x7fff_ffff)
export const uint: Codec<number> = {
  encode(writer, value) {
    checkInteger('unsigned int', value, 0, 0xffff_ffff)
    writer.uint32(value)
  },
  decode: (reader) => reader.uint32(),
}

// RFC 4506 knows nothing smaller than four bytes: libvirt's chars and shorts travel as an int each.
export const char = integer('char', -0x80, 0x7f)
export const uchar = integer('unsigned char', 0, 0xff)
export const short = integer('short', -0x8000, 0x7fff)
export const ushort = integer('unsigned short', 0, 0xffff)

export const hyper: Codec<bigint> = {
  encode(writer, value) {
    if (BigInt.asIntN(64, value) !== value) throw new XdrError(`${value} does not fit a hyper`)
    writer.int64(value)
  },
  decode: (reader) => reader.int64(),
}

export const uhyper: Codec<bigint> = {
  encode(writer, value) {
    if (BigInt.asUintN(64, value) !== value) throw new XdrError(`${value} does not fit an unsigned hyper`)
    writer.uint64(value)
  },
  decode: (reader) => reader.uint64(),
}

export const double: Codec<number> = {
  encode: (writer, value) => writer.double(value),
  decode: (reader) => reader.double(),
}

/** For the procedures that take or return nothing. */
export const nothing: Codec<undefined> = {
  encode() {},
  decode: () => undefined,
}

/** UTF-8 of at most `max` bytes. Bytes that are no UTF-8 are read as U+FFFD. */
export function string(max: number): Codec<string> {
  return {
    encode(writer, value) {
      // The daemon works with C strings: it would silently drop what follows a NUL.
      if (value.includes('\0')) throw new XdrError('a string must not contain NUL')
      const bytes = Buffer.from(value, 'utf8')
      writeLength(writer, 'string', bytes.length, max)
      writer.opaque(bytes)
    },
    decode: (reader) => reader.opaque(readLength(reader, 'string', max)).toString('utf8'),
  }
}

/** At most `max` bytes. */
export function opaque(max: number): Codec<Uint8Array> {
  return {
    encode(writer, value) {
      writeLength(writer, 'opaque', value.length, max)
      writer.opaque(value)
    },
    decode: (reader) => reader.opaque(readLength(reader, 'opaque', max)),
  }
}

/** Exactly `length` bytes. */
export function opaqueFixed(length: number): Codec<Uint8Array> {
  return {
    encode(writer, value) {
      if (value.length !== length) throw new XdrError(`${length} bytes expected, ${value.length} given`)
      writer.opaque(value)
    },
    decode: (reader) => reader.opaque(length),
  }
}

/** At most `max` elements. */
export function array<T>(element: Codec<T>, max: number): Codec<T[]> {
  return {
    encode(writer, value) {
      writeLength(writer, 'array', value.length, max)
      for (const item of value) element.encode(writer, item)
    },
    decode: (reader) => decodeElements(reader, element, readLength(reader, 'array', max)),
  }
}

/** Exactly `length` elements. */
export function arrayFixed<T>(element: Codec<T>, length: number): Codec<T[]> {
  return {
    encode(writer, value) {
      if (value.length !== length) throw new XdrError(`${length} elements expected, ${value.length} given`)
      for (const item of value) element.encode(writer, item)
    },
    decode: (reader) => decodeElements(reader, element, length),
  }
}

/** RFC 4506's optional data: a flag, then the value if the flag is 1. */
export function nullable<T>(inner: Codec<T>): Codec<T | null> {
  return {
    encode(writer, value) {
      writer.uint32(value === null ? 0 : 1)
      if (value !== null) inner.encode(writer, value)
    },
    decode(reader) {
      const flag = reader.uint32()
      if (flag > 1) throw new XdrError(`${flag} is neither 0 (null) nor 1 (a value)`)
      return flag === 0 ? null : inner.decode(reader)
    },
  }
}

/** The fields one after the other, in the order they are given. */
export function struct<T extends object>(fields: { [K in keyof T]: Codec<T[K]> }): Codec<T> {
  return {
    encode(writer, value) {
      for (const key in fields) fields[key].encode(writer, value[key])
    },
    decode(reader) {
      const value: Partial<T> = {}
      for (const key in fields) value[key] = fields[key].decode(reader)
      if (!isComplete(value, fields)) throw new XdrError('a field was not decoded')
      return value
    },
  }
}

/** One arm of a union: `value` of this kind when the discriminant is `type`. */
interface Arm<T> extends Codec<T> {
  readonly type: number
}

export function arm<const K extends number, T>(type: K, codec: Codec<T>): Arm<{ type: K; value: T }> {
  return {
    type,
    encode: (writer, { value }) => codec.encode(writer, value),
    decode: (reader) => ({ type, value: codec.decode(reader) }),
  }
}

/** A discriminated union: an int that says which arm follows, then that arm. */
export function union<T extends readonly { type: number }[]>(
  ...arms: { [I in keyof T]: Arm<T[I]> }
): Codec<T[number]> {
  const find = (type: number): Arm<T[number]> => {
    const found = arms.find((candidate) => candidate.type === type)
    if (found === undefined) throw new XdrError(`${type} names no arm of the union`)
    return found
  }
  return {
    encode(writer, value) {
      int.encode(writer, value.type)
      find(value.type).encode(writer, value)
    },
    decode: (reader) => find(int.decode(reader)).decode(reader),
  }
}

function isComplete<T extends object>(value: Partial<T>, fields: Record<keyof T, unknown>): value is T {
  for (const key in fields) if (!(key in value)) return false
  return true
}

function integer(name: string, min: number, max: number): Codec<number> {
  return {
    encode(writer, value) {
      checkInteger(name, value, min, max)
      writer.int32(value)
    },
    decode(reader) {
      const value = reader.int32()
      checkInteger(name, value, min, max)
      return value
    },
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new XdrError(`${String(value)} does not fit ${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`)
  }
}

function decodeElements<T>(reader: XdrReader, element: Codec<T>, count: number): T[] {
  // Grown one by one: a lying count must not reserve memory for bytes that never came.
  const values: T[] = []
  for (let i = 0; i < count; i++) values.push(element.decode(reader))
  return values
}

function writeLength(writer: XdrWriter, what: string, length: number, max: number): void {
  if (length > max) throw new XdrError(`${what} of ${length}, at most ${max} allowed`)
  writer.uint32(length)
}

function readLength(reader: XdrReader, what: string, max: number): number {
  const length = reader.uint32()
  if (length > max) throw new XdrError(`${what} of ${length}, at most ${max} allowed`)
  return length
}
