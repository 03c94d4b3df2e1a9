import { qcow2References, type ImageLayer } from '@see/core'
import type { ByteRange } from '../tools/disk-bytes.ts'
import type { DiskTools } from '../tools/disk-tools.ts'

/** Bytes of the map of an image beyond which it is not read. */
const MAX_MAP_BYTES = 8 * 1024 * 1024
const EXTENT = /"start": (\d+), "length": (\d+), .*"present": true/

/**
 * The parts of a disk that were written since the image that both disks go back to.
 * @returns undefined when they cannot be told apart from the rest
 * @throws SeeError `TOOL_FAILED` when qemu-img exceeds a bound
 */
export async function writtenRanges(
  tools: DiskTools,
  [before, after]: readonly [ImageLayer, ImageLayer],
): Promise<ByteRange[] | undefined> {
  const backing = await backingOf(after)
  if (backing === undefined) return undefined
  if (backing === before.path) return await presentIn(tools, after)
  if (before.format !== 'qcow2' || (await backingOf(before)) !== backing) return undefined
  const [formerly, now] = [await presentIn(tools, before), await presentIn(tools, after)]
  return formerly === undefined || now === undefined ? undefined : [...formerly, ...now]
}

async function backingOf({ path }: ImageLayer): Promise<string | undefined> {
  const { backing, hasDataFile } = await qcow2References(path)
  return backing === '' || hasDataFile ? undefined : backing
}

/** What the overlay holds itself; what it is backed by is not opened. */
async function presentIn(tools: DiskTools, { path }: ImageLayer): Promise<ByteRange[] | undefined> {
  const file = { driver: 'file', filename: path }
  const overlay = `json:${JSON.stringify({ driver: 'qcow2', 'read-only': true, backing: null, file })}`
  const script = `qemu-img map --output=json "$1" | head -c ${MAX_MAP_BYTES}`
  const { stdout } = await tools.succeed(['sh', '-c', script, 'qemu-img', overlay], [path])
  const map = stdout.toString('latin1').trimEnd()
  if (!map.endsWith(']')) return undefined
  return map.split('\n').flatMap((line) => {
    const [, start, length] = EXTENT.exec(line) ?? []
    return start === undefined ? [] : [{ offset: Number(start), length: Number(length) }]
  })
}
