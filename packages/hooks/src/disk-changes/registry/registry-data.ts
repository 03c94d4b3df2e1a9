import type { RegistryValue } from './registry-hive.ts'

const TYPES = [
  'NONE',
  'SZ',
  'EXPAND_SZ',
  'BINARY',
  'DWORD',
  'DWORD_BIG_ENDIAN',
  'LINK',
  'MULTI_SZ',
  'RESOURCE_LIST',
  'FULL_RESOURCE_DESCRIPTOR',
  'RESOURCE_REQUIREMENTS_LIST',
  'QWORD',
]
const TEXTS = new Set(['SZ', 'EXPAND_SZ', 'LINK', 'MULTI_SZ'])
const MAX_CHARACTERS = 1024
/** Bytes of data from which the most characters may come. */
const MAX_BYTES = 2 * (MAX_CHARACTERS + 2)

/** Windows' name of a type without `REG_`, or the number of one that has none. */
export function typeName({ type }: RegistryValue): string {
  return TYPES[type] ?? `0x${type.toString(16).padStart(8, '0')}`
}

/**
 * A value's data to be read: text where it is text, without the NUL at its end, numbers of the right length as such, and all
 * else in hexadecimal; at most 1024 characters.
 */
export function shownData(value: RegistryValue): string {
  const { data } = value
  const type = typeName(value)
  if (type === 'DWORD' && data.length === 4) return hexadecimal(data.readUInt32LE(), 8)
  if (type === 'DWORD_BIG_ENDIAN' && data.length === 4) return hexadecimal(data.readUInt32BE(), 8)
  if (type === 'QWORD' && data.length === 8) return hexadecimal(data.readBigUInt64LE(), 16)
  const part = data.subarray(0, MAX_BYTES)
  const isText = TEXTS.has(type) && data.length % 2 === 0
  const text = isText ? part.toString('utf16le') : part.toString('hex')
  const whole = isText && part.length === data.length ? text.replace(/\0$/, '') : text
  return whole.length > MAX_CHARACTERS ? `${whole.slice(0, MAX_CHARACTERS)}…` : whole
}

function hexadecimal(number: number | bigint, digits: number): string {
  return `0x${number.toString(16).padStart(digits, '0')}`
}
