import { SeeError, together } from '@see/core'
import type { DiskTools } from './disk-tools.ts'

/** More are of no disk that means well. */
const MAX_PARTITIONS = 128
const SLOT = /^\d+: {2}\d+(?::\d+)? +(\d+) +\d+ +\d+(?: |$)/

/** The sectors, of 512 bytes, at which a disk's partitions begin, by the output of `mmls`. */
export function partitionStarts(output: string): number[] {
  const starts = output.split('\n').flatMap((line) => {
    const [, start] = SLOT.exec(line) ?? []
    return start === undefined ? [] : [Number(start)]
  })
  return [...new Set(starts)].toSorted((a, b) => a - b)
}

/**
 * Where a disk may have file systems: at its partitions, and at its beginning if there is one.
 * @throws SeeError `TOOL_FAILED`
 */
export async function fileSystemStarts(tools: DiskTools, disk: string): Promise<number[]> {
  const [table, bare] = await together(
    tools.run(['mmls', disk], [disk]),
    tools.run(['fsstat', '-t', disk], [disk]),
  )
  const partitions = table.exitCode === 0 ? partitionStarts(table.stdout.toString('latin1')) : []
  if (partitions.length > MAX_PARTITIONS) {
    throw new SeeError(
      'TOOL_FAILED',
      `the disk has ${partitions.length} partitions; at most ${MAX_PARTITIONS} are read`,
    )
  }
  return bare.exitCode === 0 ? [...new Set([0, ...partitions])] : partitions
}
