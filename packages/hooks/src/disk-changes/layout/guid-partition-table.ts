import { crc32 } from 'node:zlib'
import type { Partition } from './partition.ts'

const SIGNATURE = 'EFI PART'
const MIN_HEADER_BYTES = 92
const MIN_ENTRY_BYTES = 128
const MAX_ENTRY_BYTES = 4096
/** Bytes of the list of entries; 128 of 128 bytes are usual. */
const MAX_LIST_BYTES = 1024 * 1024

/** The header of a GUID partition table (UEFI specification 2.10, 5.3.2); the numbers are in its own sectors. */
export interface GptHeader {
  /** The checksum holds. */
  readonly isIntact: boolean
  /** Where the other header is. */
  readonly alternate: number
  readonly listStart: number
  readonly entries: number
  readonly entryBytes: number
  readonly listChecksum: number
}

/** @returns undefined where there is no header, or none with a list that can be read */
export function parseGptHeader(sector: Buffer): GptHeader | undefined {
  if (sector.length < 512 || sector.toString('latin1', 0, 8) !== SIGNATURE) return undefined
  const headerBytes = sector.readUInt32LE(12)
  const [entries, entryBytes] = [sector.readUInt32LE(80), sector.readUInt32LE(84)]
  if (entryBytes < MIN_ENTRY_BYTES || entryBytes > MAX_ENTRY_BYTES || entries * entryBytes > MAX_LIST_BYTES) {
    return undefined
  }
  return {
    isIntact:
      headerBytes >= MIN_HEADER_BYTES && headerBytes <= sector.length && hasChecksum(sector, headerBytes),
    alternate: sectorAt(sector, 32),
    listStart: sectorAt(sector, 72),
    entries,
    entryBytes,
    listChecksum: sector.readUInt32LE(88),
  }
}

function hasChecksum(sector: Buffer, headerBytes: number): boolean {
  const header = Buffer.from(sector.subarray(0, headerBytes))
  const expected = header.readUInt32LE(16)
  header.writeUInt32LE(0, 16)
  return crc32(header) === expected
}

/** @param unitSectors sectors of 512 bytes that one of the table's has */
export function parseGptList(
  list: Buffer,
  { entries, entryBytes }: GptHeader,
  unitSectors: number,
): Partition[] {
  const found: Partition[] = []
  for (let at = 0; at < entries * entryBytes && at + MIN_ENTRY_BYTES <= list.length; at += entryBytes) {
    const type = guidAt(list, at)
    const [first, last] = [sectorAt(list, at + 32), sectorAt(list, at + 40)]
    if (/^[0-]+$/.test(type) || last < first) continue
    found.push({ start: first * unitSectors, sectors: (last - first + 1) * unitSectors, type })
  }
  return found
}

export function isListIntact(list: Buffer, { listChecksum }: GptHeader): boolean {
  return crc32(list) === listChecksum
}

/** A number that no disk reaches stands for one that JavaScript cannot hold exactly. */
function sectorAt(buffer: Buffer, offset: number): number {
  return Number(buffer.readBigUInt64LE(offset))
}

/** The first three fields of a GUID are little-endian. */
function guidAt(buffer: Buffer, offset: number): string {
  const hex = (from: number, to: number) => buffer.toString('hex', offset + from, offset + to)
  const swapped = (from: number, to: number) =>
    Buffer.from(buffer.subarray(offset + from, offset + to).toReversed()).toString('hex')
  return [swapped(0, 4), swapped(4, 6), swapped(6, 8), hex(8, 10), hex(10, 16)].join('-')
}
