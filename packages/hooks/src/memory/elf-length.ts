import type { FileHandle } from 'node:fs/promises'

/** Facts: the layout of an ELF file's header and program headers for 64-bit little-endian machines (elf(5)). */
const HEADER_BYTES = 64
const CLASS_64 = 2
const LITTLE_ENDIAN = 1
const MOST_SEGMENTS = 65_535
const PROGRAM_HEADER_BYTES = 56
/** In place of a number that does not fit; the first section's header has the number then. */
const PN_XNUM = 0xffff

/**
 * How long an ELF file is by its own headers, in bytes; undefined for one that is not of 64 bits and little-endian, or
 * whose headers are not complete.
 */
export async function elfLength(file: FileHandle): Promise<number | undefined> {
  const header = await read(file, 0, HEADER_BYTES)
  if (header?.[4] !== CLASS_64 || header[5] !== LITTLE_ENDIAN) return undefined
  const start = Number(header.readBigUInt64LE(32))
  const entryBytes = header.readUInt16LE(54)
  const short = header.readUInt16LE(56)
  if (entryBytes !== PROGRAM_HEADER_BYTES) return undefined
  const count = short === PN_XNUM ? await numberInSection(file, header) : short
  if (count === undefined || count > MOST_SEGMENTS) return undefined
  const table = await read(file, start, count * entryBytes)
  if (table === undefined) return undefined
  let length = start + table.length
  for (let at = 0; at < table.length; at += entryBytes) {
    length = Math.max(length, Number(table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32)))
  }
  return length
}

/** The number of program headers where the header has no room for it: sh_info of the first section. */
async function numberInSection(file: FileHandle, header: Buffer): Promise<number | undefined> {
  const section = await read(file, Number(header.readBigUInt64LE(40)), 64)
  return section?.readUInt32LE(44)
}

/** Undefined where the file is too short. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return bytesRead === length ? buffer : undefined
}
