import type { ByteRange, DiskEnds } from '../tools/disk-bytes.ts'
import { type GptHeader, isListIntact, parseGptHeader, parseGptList } from './guid-partition-table.ts'
import { parseMasterBootRecord, partitionsOf } from './master-boot-record.ts'
import type { Partition } from './partition.ts'

export const SECTOR_BYTES = 512
/** Sizes of sectors that disks have. */
export const LARGE_SECTOR_BYTES = 4096
const UNITS = [SECTOR_BYTES, LARGE_SECTOR_BYTES]

export interface PartitionTable {
  readonly partitions: readonly Partition[]
  /** What is wrong with the tables themselves. */
  readonly problems: readonly string[]
  /** They are those of an MBR, which does not say how large its sectors are. */
  readonly hasOwnUnit: boolean
}

/** Reads a range of the disk; undefined where it reaches beyond the end. */
export type ReadBytes = (range: ByteRange) => Promise<Buffer | undefined>

/**
 * Reads every partition table of a disk: MBR with logical partitions, GPT and its backup, with sectors of 512 or 4096 bytes.
 * Where they differ, the partitions of all are taken: the guest chooses which one it believes.
 * @param sectorBytes size of the sectors that an MBR counts; a GPT says its own
 */
export async function readPartitionTable(
  ends: DiskEnds,
  read: ReadBytes,
  sectorBytes: number,
): Promise<PartitionTable> {
  const record = parseMasterBootRecord(ends.first)
  const problems: string[] = []
  const readSector = (number: number) => read({ offset: number * sectorBytes, length: SECTOR_BYTES })
  const unit = sectorBytes / SECTOR_BYTES
  const recorded = record === undefined ? [] : await partitionsOf(record, readSector)
  const found = recorded.map(({ start, sectors, type }) => ({
    start: start * unit,
    sectors: sectors * unit,
    type,
  }))
  if (record === undefined || record.hasProtectiveEntry) {
    const gpt = await readGpt(ends, record !== undefined, read)
    problems.push(...(gpt?.problems ?? []))
    found.push(...(gpt?.partitions ?? []))
    if (gpt === undefined && record !== undefined)
      problems.push('the MBR says that there is a GPT, but there is none')
  }
  const sectors = Math.floor(ends.sizeBytes / SECTOR_BYTES)
  const hasOwnUnit = record?.hasProtectiveEntry === false && record.entries.length > 0
  return { partitions: withoutDoubles(found, sectors), problems, hasOwnUnit }
}

/** The first of those that begin at the same sector; what begins beyond the end of the disk holds nothing. */
function withoutDoubles(found: readonly Partition[], sectors: number): Partition[] {
  const byStart = new Map<number, Partition>()
  for (const each of found) {
    const length = Math.min(each.sectors, sectors - each.start)
    if (each.start === 0 || length <= 0) continue
    const other = byStart.get(each.start)
    if (other === undefined || other.sectors < length) byStart.set(each.start, { ...each, sectors: length })
  }
  return [...byStart.values()].toSorted((a, b) => a.start - b.start)
}

type GuidTable = Pick<PartitionTable, 'partitions' | 'problems'>

/** A backup alone is a leftover, unless a boot record says that there is a GPT. */
async function readGpt(ends: DiskEnds, isSaid: boolean, read: ReadBytes): Promise<GuidTable | undefined> {
  for (const unit of UNITS) {
    const lastHeader = Math.floor(ends.sizeBytes / unit) - 1
    const primary = await readCopy(1, unit, read)
    if (primary === undefined && !isSaid) continue
    const alternate = primary?.header.alternate ?? lastHeader
    const backup = (await readCopy(alternate, unit, read)) ?? (await readCopy(lastHeader, unit, read))
    const copies = [primary, backup].filter((copy) => copy !== undefined)
    if (copies.length > 0) return merged(primary, backup, copies)
  }
  return undefined
}

interface GptCopy {
  readonly header: GptHeader
  readonly isIntact: boolean
  readonly partitions: readonly Partition[]
}

async function readCopy(at: number, unit: number, read: ReadBytes): Promise<GptCopy | undefined> {
  const sector = await read({ offset: at * unit, length: unit })
  const header = sector === undefined ? undefined : parseGptHeader(sector)
  if (header === undefined) return undefined
  const list = await read({ offset: header.listStart * unit, length: header.entries * header.entryBytes })
  if (list === undefined) return undefined
  const isIntact = header.isIntact && isListIntact(list, header)
  return { header, isIntact, partitions: parseGptList(list, header, unit / SECTOR_BYTES) }
}

function merged(
  primary: GptCopy | undefined,
  backup: GptCopy | undefined,
  copies: readonly GptCopy[],
): GuidTable {
  const problems: string[] = []
  if (primary?.isIntact !== true)
    problems.push(`the first GPT is ${primary === undefined ? 'missing' : 'damaged'}`)
  if (backup?.isIntact !== true)
    problems.push(`the backup GPT is ${backup === undefined ? 'missing' : 'damaged'}`)
  const intact = copies.filter(({ isIntact }) => isIntact)
  // What a damaged copy says counts only where there is nothing better.
  const believed = intact.length > 0 ? intact : copies
  const [one, other] = believed
  if (one !== undefined && other !== undefined && !isSame(one.partitions, other.partitions)) {
    problems.push('the two copies of the GPT list different partitions')
  }
  return { partitions: believed.flatMap(({ partitions }) => partitions), problems }
}

function isSame(one: readonly Partition[], other: readonly Partition[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
