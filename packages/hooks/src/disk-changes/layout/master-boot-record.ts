import type { Partition } from './partition.ts'

const SIGNATURE_AT = 510
const SIGNATURE = 0xaa55
const ENTRIES_AT = 446
const ENTRY_BYTES = 16
const EXTENDED = new Set([0x05, 0x0f, 0x85])
/** The entry that says that the disk has a GPT. */
const PROTECTIVE = 0xee
/** Logical partitions are a list, which a guest can make a circle. */
const MAX_LOGICAL = 128

interface Entry {
  readonly type: number
  /** In sectors, from where depends on the type and the record. */
  readonly start: number
  readonly sectors: number
}

export interface MasterBootRecord {
  readonly entries: readonly Entry[]
  readonly hasProtectiveEntry: boolean
}

/** Reads the partition table of a boot record; undefined where there is none, as in the boot sector of a file system. */
export function parseMasterBootRecord(sector: Buffer): MasterBootRecord | undefined {
  if (sector.length < 512 || sector.readUInt16LE(SIGNATURE_AT) !== SIGNATURE) return undefined
  const entries: Entry[] = []
  for (let index = 0; index < 4; index++) {
    const at = ENTRIES_AT + index * ENTRY_BYTES
    // Code or text of a file system's boot sector, by the kernel's own test.
    if (((sector[at] ?? 0) & 0x7f) !== 0) return undefined
    const type = sector[at + 4] ?? 0
    const [start, sectors] = [sector.readUInt32LE(at + 8), sector.readUInt32LE(at + 12)]
    if (type !== 0 && sectors > 0) entries.push({ type, start, sectors })
  }
  return { entries, hasProtectiveEntry: entries.some(({ type }) => type === PROTECTIVE) }
}

/**
 * The partitions of a boot record, primary and logical ones.
 * @param readSector reads a sector by its number; undefined beyond the end of the disk
 */
export async function partitionsOf(
  { entries }: MasterBootRecord,
  readSector: (number: number) => Promise<Buffer | undefined>,
): Promise<Partition[]> {
  const found: Partition[] = []
  for (const { type, start, sectors } of entries) {
    if (type === PROTECTIVE) continue
    if (EXTENDED.has(type)) found.push(...(await logicalPartitions(start, readSector)))
    else found.push({ start, sectors, type: hexadecimal(type) })
  }
  return found
}

async function logicalPartitions(
  extended: number,
  readSector: (number: number) => Promise<Buffer | undefined>,
): Promise<Partition[]> {
  const found: Partition[] = []
  const seen = new Set<number>()
  for (let at: number | undefined = extended; at !== undefined && !seen.has(at); ) {
    seen.add(at)
    if (seen.size > MAX_LOGICAL) break
    const sector: Buffer | undefined = await readSector(at)
    const record = sector === undefined ? undefined : parseMasterBootRecord(sector)
    let next: number | undefined
    for (const { type, start, sectors } of record?.entries ?? []) {
      if (EXTENDED.has(type)) next = extended + start
      else found.push({ start: at + start, sectors, type: hexadecimal(type) })
    }
    at = next
  }
  return found
}

function hexadecimal(type: number): string {
  return `0x${type.toString(16).padStart(2, '0')}`
}
