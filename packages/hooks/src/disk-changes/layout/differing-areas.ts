import type { ImageLayer } from '@see/core'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteRange } from '../tools/disk-bytes.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { writtenRanges } from './written-ranges.ts'

/** Written parts that are closer than this are read in one go, with what is between them. */
const NEAR_BYTES = 1024 * 1024
/** Parts of an area beyond which it is read as a whole. */
const MAX_PARTS = 2000

/** Bytes that are compared at a time. */
const CHUNK_BYTES = 64 * 1024 * 1024

// The first part of an area that differs decides. By sums: cmp reads these files by the sector, which takes a hundred times
// as long.
const SCRIPT = `sum() {
  dd if="$1" bs=1M iflag=skip_bytes,count_bytes,fullblock skip="$2" count="$3" status=none | sha1sum
}
last=
while read -r area offset length; do
  [ "$area" = "$last" ] && continue
  [ "$(sum "$1" "$offset" "$length")" = "$(sum "$2" "$offset" "$length")" ] && continue
  last=$area
  echo "$area"
done <list`

interface Sides {
  /** The raw files, before and after. */
  readonly disks: readonly [string, string]
  readonly images: readonly [ImageLayer, ImageLayer]
  /** A folder to work in. */
  readonly work: string
}

/**
 * Compares areas of two disks byte for byte; what a guest cannot have written is left out.
 * @returns those that differ
 * @throws SeeError `TOOL_FAILED`
 */
export async function differingAreas<Area extends ByteRange>(
  tools: DiskTools,
  areas: readonly Area[],
  { disks, images, work }: Sides,
): Promise<Area[]> {
  if (areas.length === 0) return []
  const written = await writtenRanges(tools, images)
  const lines = areas.flatMap((area, index) =>
    partsOf(area, written)
      .flatMap(inChunks)
      .map(({ offset, length }) => `${index} ${offset} ${length}\n`),
  )
  if (lines.length === 0) return []
  const folder = await mkdtemp(join(work, 'areas-'))
  await writeFile(join(folder, 'list'), lines.join(''))
  const { stdout } = await tools.succeed(['sh', '-c', SCRIPT, 'dd', ...disks], disks, folder)
  const differing = new Set(stdout.toString('latin1').split('\n'))
  return areas.filter((_area, index) => differing.has(String(index)))
}

function partsOf(area: ByteRange, written: readonly ByteRange[] | undefined): ByteRange[] {
  if (written === undefined) return [area]
  const end = area.offset + area.length
  const parts: { offset: number; length: number }[] = []
  for (const { offset, length } of written.toSorted((a, b) => a.offset - b.offset)) {
    const [from, to] = [Math.max(offset, area.offset), Math.min(offset + length, end)]
    if (from >= to) continue
    const last = parts.at(-1)
    if (last !== undefined && from - (last.offset + last.length) < NEAR_BYTES) {
      last.length = Math.max(last.length, to - last.offset)
    } else parts.push({ offset: from, length: to - from })
  }
  return parts.length > MAX_PARTS ? [area] : parts
}

function inChunks({ offset, length }: ByteRange): ByteRange[] {
  return Array.from({ length: Math.ceil(length / CHUNK_BYTES) }, (_, index) => {
    const done = index * CHUNK_BYTES
    return { offset: offset + done, length: Math.min(CHUNK_BYTES, length - done) }
  })
}
