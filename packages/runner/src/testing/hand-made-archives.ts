import { crc32 } from 'node:zlib'

/** A file that an archive holds, uncompressed. */
interface Entry {
  readonly name: string
  readonly content: string
  /** Its content is where a symbolic link leads. */
  readonly isLink?: boolean
}

const u16 = (value: number) => numbers(2, (buffer) => buffer.writeUInt16LE(value))
const u32 = (value: number) => numbers(4, (buffer) => buffer.writeUInt32LE(value))

function numbers(length: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(length)
  write(buffer)
  return buffer
}

/** A Windows cabinet with one folder. */
export function cabinetOf(entries: readonly Entry[]): Buffer {
  const data = Buffer.from(entries.map(({ content }) => content).join(''))
  let at = 0
  const files = entries.map(({ name, content }) => {
    const file = Buffer.concat([u32(content.length), u32(at), Buffer.alloc(8), Buffer.from(`${name}\0`)])
    at += content.length
    return file
  })
  const filesAt = 36 + 8
  const dataAt = filesAt + Buffer.concat(files).length
  const blocks = Buffer.concat([u32(0), u16(data.length), u16(data.length), data])
  const header = [u32(0), u32(dataAt + blocks.length), u32(0), u32(filesAt), u32(0), Buffer.from([3, 1])]
  const counts = [u16(1), u16(entries.length), u16(0), u16(0), u16(0)]
  const folder = [u32(dataAt), u16(1), u16(0)]
  return Buffer.concat([Buffer.from('MSCF'), ...header, ...counts, ...folder, ...files, blocks])
}

const STORED = 0x30
/** What a RAR of today usually is. */
export const COMPRESSED = 0x33

/** A RAR archive of version 4; what is said to be compressed is not. */
export function rarOf(entries: readonly Entry[], method = STORED): Buffer {
  const files = entries.flatMap(({ name, content, isLink = false }) => {
    const data = Buffer.from(content)
    const sizes = [u32(data.length), u32(data.length), Buffer.from([3]), u32(crc32(data)), u32(0)]
    const mode = u32(isLink ? 0o120_777 : 0o100_644)
    const rest = [...sizes, Buffer.from([20, method]), u16(name.length), mode, Buffer.from(name)]
    return [rarBlock(0x74, 0x8000, Buffer.concat(rest)), data]
  })
  const marker = Buffer.from('Rar!\x1a\x07\0', 'latin1')
  return Buffer.concat([
    marker,
    rarBlock(0x73, 0, Buffer.alloc(6)),
    ...files,
    rarBlock(0x7b, 0x4000, Buffer.alloc(0)),
  ])
}

function rarBlock(type: number, flags: number, rest: Buffer): Buffer {
  const block = Buffer.concat([Buffer.from([type]), u16(flags), u16(7 + rest.length), rest])
  return Buffer.concat([u16(crc32(block) & 0xffff), block])
}

const SECTOR = 2048
const ROOT_AT = 18
const FILE_AT = 19

/** An image of a disc, ISO 9660, with one file, which may be said to be longer than it is. */
export function discOf({ name, content }: Entry, sizeBytes = content.length): Buffer {
  const image = Buffer.alloc((FILE_AT + 1) * SECTOR)
  const root = record('\0', ROOT_AT, SECTOR, true)
  const descriptor = image.subarray(16 * SECTOR)
  descriptor.write('\x01CD001\x01', 'latin1')
  both32(descriptor, 80, FILE_AT + Math.ceil(sizeBytes / SECTOR))
  for (const at of [120, 124]) both16(descriptor, at, 1)
  both16(descriptor, 128, SECTOR)
  root.copy(descriptor, 156)
  descriptor.write('\x01', 881, 'latin1')
  image.write('\xffCD001\x01', 17 * SECTOR, 'latin1')
  const entries = [
    root,
    record('\x01', ROOT_AT, SECTOR, true),
    record(`${name};1`, FILE_AT, sizeBytes, false),
  ]
  Buffer.concat(entries).copy(image, ROOT_AT * SECTOR)
  image.write(content, FILE_AT * SECTOR)
  return image
}

function record(name: string, sector: number, bytes: number, isFolder: boolean): Buffer {
  const length = 33 + name.length + (name.length % 2 === 0 ? 1 : 0)
  const entry = Buffer.alloc(length)
  entry[0] = length
  both32(entry, 2, sector)
  both32(entry, 10, bytes)
  entry[25] = isFolder ? 2 : 0
  both16(entry, 28, 1)
  entry[32] = name.length
  entry.write(name, 33, 'latin1')
  return entry
}

function both32(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value, at)
  buffer.writeUInt32BE(value, at + 4)
}

function both16(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt16LE(value, at)
  buffer.writeUInt16BE(value, at + 2)
}
