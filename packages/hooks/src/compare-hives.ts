import { messageOf } from '@see/core'
import type { FileChange } from './compare-listings.ts'
import type { DiskComparison } from './compare-disks.ts'
import { DiskContents } from './disk-content.ts'
import type { DiskTools } from './disk-tools.ts'
import { hivePlaceOf } from './hive-place.ts'
import type { ListedFile } from './listed-file.ts'
import { addRegistryChanges, noRegistryChanges, type RegistryChanges } from './registry-changes.ts'
import { readHive } from './registry-hive.ts'

export interface HiveOptions {
  readonly disks: readonly [string, string]
  readonly work: string
  /** Bytes of a hive beyond which it is not read. */
  readonly sizeLimit: number
  readonly signal: AbortSignal
}

/** Compares the hives that may have changed; one that cannot be read is told of, and the others are compared. */
export async function compareHives(
  tools: DiskTools,
  { changes, regions }: DiskComparison,
  options: HiveOptions,
): Promise<{ registry: RegistryChanges; errors: string[] }> {
  const registry = noRegistryChanges()
  const errors: string[] = []
  const prefixes = new Map(regions.map(({ start, prefix }) => [start, prefix]))
  for (const change of changes) {
    const file = change.after ?? change.before
    const place = file === undefined ? undefined : hivePlaceOf(file.path, prefixes.get(change.start) ?? '')
    if (place === undefined) continue
    try {
      const before = await read(tools, change, change.before, options.disks[0], options)
      const after = await read(tools, change, change.after, options.disks[1], options)
      const complaint = after?.complaint ?? before?.complaint
      if (complaint !== undefined) {
        errors.push(`the hive ${place.hive} was read in parts: ${complaint.slice(0, 300)}`)
      }
      if (!addRegistryChanges(registry, place, before?.hive, after?.hive)) {
        errors.push(`the hive ${place.hive} has more changes than are told of`)
      }
    } catch (error) {
      options.signal.throwIfAborted()
      errors.push(`the hive ${place.hive} cannot be compared: ${messageOf(error)}`)
    }
  }
  return { registry, errors }
}

async function read(
  tools: DiskTools,
  { start }: FileChange,
  file: ListedFile | undefined,
  disk: string,
  { work, sizeLimit }: HiveOptions,
): Promise<Awaited<ReturnType<typeof readHive>> | undefined> {
  if (file === undefined) return undefined
  if (file.kind !== 'file' || file.size > sizeLimit)
    throw new Error(`it is a ${file.kind} of ${file.size} bytes`)
  const options = { parent: work, identify: false }
  await using contents = await DiskContents.read(tools, disk, [{ start, inode: file.inode }], options)
  const [content] = contents.contents
  if (content === undefined) throw new Error('its content cannot be read')
  return await readHive(tools, content.path)
}
