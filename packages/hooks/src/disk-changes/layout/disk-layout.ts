import { SeeError } from '@see/core'
import { type ByteRange, readEnds, readRanges } from '../tools/disk-bytes.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import type { Partition } from './partition.ts'
import { readPartitionTable, SECTOR_BYTES } from './partition-table.ts'

/** More are of no disk that means well. */
const MAX_PARTITIONS = 128
/** Bytes at either end of a disk in which a partition table usually is. */
const END_BYTES = 65_536
/** It looks at a few blocks only. */
const MMLS_SECONDS = '5'
const SLOT = /^\d+: {2}\d+(?::\d+)? +(\d+) +\d+ +(\d+)(?: |$)/
const UNIT = /^Units are in (\d+)-byte sectors$/m

export interface DiskLayout {
  readonly sizeBytes: number
  readonly partitions: readonly Partition[]
  /** What is wrong with the partition tables. */
  readonly problems: readonly string[]
  /** They are those of an MBR, and may be elsewhere, since it does not say how large its sectors are. */
  readonly hasOwnUnit: boolean
}

/**
 * The partitions of a disk; none on a disk without a partition table.
 * @param sectorBytes size of the sectors that an MBR counts
 * @throws SeeError `TOOL_FAILED`
 */
export async function diskLayout(tools: DiskTools, disk: string, sectorBytes: number): Promise<DiskLayout> {
  const ends = await readEnds(tools, disk, END_BYTES)
  const { sizeBytes, first, last } = ends
  const read = async ({ offset, length }: ByteRange): Promise<Buffer | undefined> => {
    if (offset + length > sizeBytes) return undefined
    if (offset + length <= first.length) return first.subarray(offset, offset + length)
    const inLast = offset - (sizeBytes - last.length)
    if (inLast >= 0) return last.subarray(inLast, inLast + length)
    return (await readRanges(tools, disk, [{ offset, length }]))[0]
  }
  const table = await readPartitionTable(ends, read, sectorBytes)
  const isOther = table.partitions.length === 0 && hasOtherTable(first)
  const partitions = isOther ? await otherPartitions(tools, disk) : table.partitions
  if (partitions.length <= MAX_PARTITIONS) return { ...table, sizeBytes, partitions }
  throw new SeeError(
    'TOOL_FAILED',
    `the disk has ${partitions.length} partitions; at most ${MAX_PARTITIONS} are read`,
  )
}

/** Whether there is a label of BSD or Sun, or a map of Apple's, by its signature. */
function hasOtherTable(first: Buffer): boolean {
  if (first.length < 1024) return false
  const isBsd = first.readUInt32LE(512) === 0x8256_4557
  return isBsd || first.readUInt16BE(508) === 0xdabe || first.toString('latin1', 512, 514) === 'PM'
}

/** Those of tables that only The Sleuth Kit reads. */
async function otherPartitions(tools: DiskTools, disk: string): Promise<Partition[]> {
  const { exitCode, stdout } = await tools.run(['timeout', MMLS_SECONDS, 'mmls', disk], [disk])
  return exitCode === 0 ? partitionsIn(stdout.toString('latin1')) : []
}

/** The partitions that `mmls` lists. */
export function partitionsIn(output: string): Partition[] {
  const unitSectors = Number(UNIT.exec(output)?.[1] ?? SECTOR_BYTES) / SECTOR_BYTES
  const byStart = new Map<number, Partition>()
  for (const line of output.split('\n')) {
    const [, start, sectors] = SLOT.exec(line) ?? []
    if (start === undefined || Number(start) === 0) continue
    const at = Number(start) * unitSectors
    byStart.set(at, { start: at, sectors: Number(sectors) * unitSectors, type: 'other' })
  }
  return [...byStart.values()].toSorted((a, b) => a.start - b.start)
}
