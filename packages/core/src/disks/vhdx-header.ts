import { type ImageBytes, type ImageHeader, MalformedHeader, readAll } from './image-bytes.ts'

// Microsoft's [MS-VHDX]: little-endian, and so are the first three parts of a GUID.
const REGION_TABLES = [192 * 1024, 256 * 1024] as const
const TABLE_BYTES = 64 * 1024
const MOST_ENTRIES = 2047
const METADATA_REGION = '06a27c8b90479a4bb8fe575f050f886e'
const FILE_PARAMETERS = '3767a1ca36fa434db3b633f0aa44e76b'
const PARENT_LOCATOR = '2d5fd3a80bb34d45abf7d3d84834ab0c'
const HAS_PARENT = 2

const refusal =
  'is a differencing VHDX, which names its parent; convert it: qemu-img convert -f vhdx -O qcow2'

/** @throws MalformedHeader */
export async function vhdxImageHeader(image: ImageBytes): Promise<ImageHeader> {
  if ((await readAll(image, 0, 8)).toString('latin1') !== 'vhdxfile') throw new MalformedHeader('is no VHDX')
  for (const place of REGION_TABLES) {
    const table = await image.read(place, TABLE_BYTES)
    if (table.toString('latin1', 0, 4) !== 'regi' || table.length < TABLE_BYTES) continue
    for (const entry of entriesIn(table, 16, table.readUInt32LE(8))) {
      if (entry.toString('hex', 0, 16) !== METADATA_REGION) continue
      if (await hasParent(image, Number(entry.readBigUInt64LE(16)))) return { refusal }
    }
  }
  return {}
}

async function hasParent(image: ImageBytes, region: number): Promise<boolean> {
  if (!Number.isSafeInteger(region)) throw new MalformedHeader('has its metadata at an impossible place')
  const table = await readAll(image, region, TABLE_BYTES)
  if (table.toString('latin1', 0, 8) !== 'metadata') throw new MalformedHeader('has no table of its metadata')
  for (const entry of entriesIn(table, 32, table.readUInt16LE(10))) {
    const item = entry.toString('hex', 0, 16)
    if (item === PARENT_LOCATOR) return true
    if (item !== FILE_PARAMETERS) continue
    const parameters = await readAll(image, region + entry.readUInt32LE(16), 8)
    if ((parameters.readUInt32LE(4) & HAS_PARENT) !== 0) return true
  }
  return false
}

/** The entries of a table, 32 bytes each. */
function entriesIn(table: Buffer, start: number, count: number): Buffer[] {
  if (count > MOST_ENTRIES) throw new MalformedHeader('has a table of too many entries')
  return Array.from({ length: count }, (_none, index) => {
    return table.subarray(start + 32 * index, start + 32 * (index + 1))
  }).filter((entry) => entry.length === 32)
}
