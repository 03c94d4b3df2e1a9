import { readFile } from 'node:fs/promises'
import { type EvidenceWarning, evidenceWarning, messageOf } from '@see/core'
import type { ComparedRegion, DiskComparison } from './compare-disks.ts'
import type { FileChange } from './compare-listings.ts'
import { DiskContents } from './disk-content.ts'
import type { DiskTools } from './disk-tools.ts'
import { isLogNewer } from './hive-log.ts'
import { hiveOfLog, hivePlaceOf, otherHive } from './hive-place.ts'
import type { BothDisks } from './kernel-reading.ts'
import type { ListedFile } from './listed-file.ts'
import {
  addRegistryChanges,
  type HivePlace,
  noRegistryChanges,
  type RegistryChanges,
} from './registry-changes.ts'
import { readHive, type RegistryHive } from './registry-hive.ts'

export interface HiveOptions {
  readonly disks: readonly [string, string]
  /** The kernels that read what The Sleuth Kit does not, before and after. */
  readonly kernels: BothDisks | undefined
  readonly work: string
  /** Bytes of a hive beyond which it is not read. */
  readonly sizeLimit: number
  /** Files that changed and whose content is a hive, wherever they are. */
  readonly hives: ReadonlySet<FileChange>
  readonly signal: AbortSignal
}

export interface HiveComparison {
  readonly registry: RegistryChanges
  readonly warnings: readonly EvidenceWarning[]
  readonly errors: readonly string[]
}

type Side = 'before' | 'after'

/** A hive that changed, or whose log did. */
interface Hive {
  readonly place: HivePlace
  readonly region: ComparedRegion
  readonly before: ListedFile | undefined
  readonly after: ListedFile | undefined
}

/** Compares the hives that may have changed; one that cannot be read is reported, and the others are compared. */
export async function compareHives(
  tools: DiskTools,
  comparison: DiskComparison,
  options: HiveOptions,
): Promise<HiveComparison> {
  const registry = noRegistryChanges()
  const warnings: EvidenceWarning[] = []
  const errors: string[] = []
  for (const hive of hivesIn(comparison, options.hives)) {
    const what = `the hive ${hive.place.hive}`
    const tooLarge = [hive.before, hive.after].find((file) => (file?.size ?? 0) > options.sizeLimit)
    if (tooLarge !== undefined) {
      const why = `it has ${tooLarge.size} bytes, and size_limit is ${options.sizeLimit}`
      warnings.push(evidenceWarning('HIVE_NOT_COMPARED', what, why))
      continue
    }
    try {
      const before = await read(tools, hive, 'before', options)
      const after = await read(tools, hive, 'after', options)
      warnings.push(...[before?.warning, after?.warning].filter((warning) => warning !== undefined))
      const roots = [before?.hive.root, after?.hive.root] as const
      const { isCut, problems } = addRegistryChanges(registry, hive.place, ...roots)
      if (isCut) warnings.push(evidenceWarning('HIVE_CHANGES_CUT', what, 'it has more changes than are kept'))
      const [problem] = problems
      if (problem !== undefined) {
        errors.push(`${what} was read in parts: ${problem}`)
        warnings.push(evidenceWarning('HIVE_NOT_COMPARED', what, `it was read in parts: ${problem}`))
      }
    } catch (error) {
      options.signal.throwIfAborted()
      errors.push(`${what} cannot be compared: ${messageOf(error)}`)
      warnings.push(evidenceWarning('HIVE_NOT_COMPARED', what, messageOf(error)))
    }
  }
  return { registry, warnings, errors }
}

function hivesIn({ changes, regions }: DiskComparison, others: ReadonlySet<FileChange>): Hive[] {
  const byStart = new Map(regions.map((region) => [region.start, region]))
  const hives = new Map<string, Hive>()
  for (const change of changes) {
    const region = byStart.get(change.start)
    const path = (change.after ?? change.before)?.path
    if (region === undefined || path === undefined) continue
    const ofLog = hiveOfLog(path)
    const hivePath = ofLog ?? path
    const known = hivePlaceOf(hivePath, region.prefix)
    const place =
      known ?? (others.has(change) && ofLog === undefined ? otherHive(path, region.prefix) : undefined)
    if (place === undefined) continue
    const key = `${change.start} ${hivePath.toLowerCase()}`
    if (ofLog === undefined) hives.set(key, { place, region, before: change.before, after: change.after })
    else if (!hives.has(key)) {
      const [before, after] = [fileAt(region, 'before', hivePath), fileAt(region, 'after', hivePath)]
      if (before !== undefined || after !== undefined) hives.set(key, { place, region, before, after })
    }
  }
  return [...hives.values()]
}

/** Names of Windows are the same whatever their case. */
function fileAt(region: ComparedRegion, side: Side, path: string): ListedFile | undefined {
  const wanted = path.toLowerCase()
  return region[side]?.files.find((file) => file.path.toLowerCase() === wanted)
}

async function read(
  tools: DiskTools,
  { place, region, ...sides }: Hive,
  side: Side,
  { disks, kernels, work, sizeLimit }: HiveOptions,
): Promise<{ hive: RegistryHive; warning: EvidenceWarning | undefined } | undefined> {
  const file = sides[side]
  if (file === undefined) return undefined
  if (file.kind !== 'file') throw new Error(`it is a ${file.kind}`)
  const logs = ['.log', '.log1', '.log2']
    .map((extension) => fileAt(region, side, `${file.path}${extension}`))
    .filter((log) => log !== undefined && log.kind === 'file' && log.size > 0 && log.size <= sizeLimit)
    .filter((log) => log !== undefined)
  const sources = [file, ...logs].map(({ inode, path, size }) => ({ start: region.start, inode, path, size }))
  const index = side === 'before' ? 0 : 1
  await using contents = await DiskContents.read(tools, disks[index], sources, {
    parent: work,
    identify: false,
    kernel: kernels?.[index],
  })
  const [content, ...logContents] = contents.contents
  if (content === undefined) throw new Error('its content cannot be read')
  const hive = readHive(await readFile(content.path))
  const newer = await Promise.all(
    logContents.map(async (log) => log !== undefined && isLogNewer(await readFile(log.path), hive.state)),
  )
  const { sequences, isIntact } = hive.state
  const reasons = [
    ...(sequences[0] === sequences[1] ? [] : ['it was not closed cleanly']),
    ...(isIntact ? [] : ['the sum of its first block is wrong']),
    ...(newer.includes(true) ? ['its log holds changes that it does not have'] : []),
  ]
  if (reasons.length === 0) return { hive, warning: undefined }
  const what = `the hive ${place.hive} of ${side === 'before' ? 'the disk that the guest started from' : 'the guest’s disk'}`
  const why = `${reasons.join(', and ')}; shut the guest down before its disk is compared`
  return { hive, warning: evidenceWarning('HIVE_NOT_CLEAN', what, why) }
}
