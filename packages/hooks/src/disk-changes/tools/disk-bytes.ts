import { SeeError } from '@see/core'
import { type DiskTools, saidBy } from './disk-tools.ts'

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

// Prints the size of the disk on a line of its own, then its first and its last bytes.
const ENDS = `stat -L -c %s "$1" || exit
size=$(stat -L -c %s "$1")
dd if="$1" bs=64K iflag=count_bytes,fullblock count="$2" status=none || exit
tail=$((size > $2 ? size - $2 : 0))
dd if="$1" bs=64K iflag=skip_bytes,fullblock skip="$tail" status=none`

const RANGES = `disk=$1; shift
while [ $# -gt 0 ]; do
  dd if="$disk" bs=64K iflag=skip_bytes,count_bytes,fullblock skip="$1" count="$2" status=none || exit
  shift 2
done`

/** Ranges that one command is asked for. */
const MAX_RANGES = 1000

export interface DiskEnds {
  readonly sizeBytes: number
  readonly first: Buffer
  readonly last: Buffer
}

/**
 * Reads the first and the last bytes of a raw disk; those of a disk shorter than that overlap.
 * @throws SeeError `TOOL_FAILED`
 */
export async function readEnds(tools: DiskTools, disk: string, bytes: number): Promise<DiskEnds> {
  const { stdout } = await succeed(tools, disk, [ENDS, String(bytes)])
  const newline = stdout.indexOf('\n')
  const sizeBytes = Number(stdout.toString('latin1', 0, newline))
  const length = Math.min(bytes, sizeBytes)
  const first = stdout.subarray(newline + 1, newline + 1 + length)
  const last = stdout.subarray(newline + 1 + length)
  if (newline > 0 && first.length === length && last.length === length) return { sizeBytes, first, last }
  throw new SeeError('TOOL_FAILED', `dd read ${stdout.length} bytes of both ends of the disk`)
}

/**
 * Reads ranges of a raw disk; none may reach beyond its end.
 * @throws SeeError `TOOL_FAILED`
 */
export async function readRanges(
  tools: DiskTools,
  disk: string,
  ranges: readonly ByteRange[],
): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for (let from = 0; from < ranges.length; from += MAX_RANGES) {
    const asked = ranges.slice(from, from + MAX_RANGES)
    const words = asked.flatMap(({ offset, length }) => [String(offset), String(length)])
    const { stdout } = await succeed(tools, disk, [RANGES, ...words])
    const expected = asked.reduce((sum, { length }) => sum + length, 0)
    if (stdout.length !== expected) {
      throw new SeeError('TOOL_FAILED', `dd read ${stdout.length} of ${expected} bytes of the disk`)
    }
    let position = 0
    for (const { length } of asked) {
      parts.push(stdout.subarray(position, position + length))
      position += length
    }
  }
  return parts
}

async function succeed(tools: DiskTools, disk: string, [script = '', ...words]: readonly string[]) {
  const result = await tools.run(['sh', '-c', script, 'dd', disk, ...words], [disk])
  if (result.exitCode === 0) return result
  throw new SeeError('TOOL_FAILED', `dd ended with exit code ${result.exitCode}: ${saidBy(result)}`)
}
