import { readFile } from 'node:fs/promises'
import { type EvidenceWarning, evidenceWarning, messageOf } from '@see/core'
import type { ComparedRegion, DiskComparison } from './sleuth-kit/compare-disks.ts'
import type { FileChange } from './files/compare-listings.ts'
import { DiskContents } from './disk-content.ts'
import type { DiskTools } from './tools/disk-tools.ts'
import { isLogNewer } from './registry/hive-log.ts'
import { hiveOfLog, hivePlaceOf, otherHive } from './registry/hive-place.ts'
import type { BothDisks } from './kernel/kernel-reading.ts'
import type { ListedFile } from './files/listed-file.ts'
import { filesIn } from './sleuth-kit/listed-names.ts'
import {
  addRegistryChanges,
  type HivePlace,
  noRegistryChanges,
  type RegistryChanges,
} from './registry/registry-changes.ts'
import { readHive, type RegistryHive } from './registry/registry-hive.ts'

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
  /** Those that it has, as they are listed. */
  readonly logs: Readonly<Record<Side, readonly ListedFile[]>>
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
  for (const hive of await hivesIn(comparison, options.hives)) {
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

/** A hive that may be one to compare, and the files of its region that are looked for. */
interface Candidate {
  readonly change: FileChange
  readonly region: ComparedRegion
  readonly place: HivePlace
  readonly path: string
  readonly isLog: boolean
}

const LOGS = ['.log', '.log1', '.log2']

async function hivesIn(
  { changes, regions }: DiskComparison,
  others: ReadonlySet<FileChange>,
): Promise<Hive[]> {
  const byStart = new Map(regions.map((region) => [region.start, region]))
  const candidates = changes.flatMap((change): Candidate[] => {
    const region = byStart.get(change.start)
    const changed = (change.after ?? change.before)?.path
    if (region === undefined || changed === undefined) return []
    const ofLog = hiveOfLog(changed)
    const path = ofLog ?? changed
    const known = hivePlaceOf(path, region.prefix)
    const isOther = others.has(change) && ofLog === undefined
    const place = known ?? (isOther ? otherHive(path, region.prefix) : undefined)
    return place === undefined ? [] : [{ change, region, place, path, isLog: ofLog !== undefined }]
  })
  const found = await lookUp(candidates)
  const hives = new Map<string, Hive>()
  for (const { change, region, place, path, isLog } of candidates) {
    const key = keyOf(region, path)
    const at = (side: Side) => found[side].get(key)
    const [before, after] = isLog ? [at('before'), at('after')] : [change.before, change.after]
    if (before === undefined && after === undefined) continue
    if (isLog && hives.has(key)) continue
    const logs = (side: Side) =>
      LOGS.map((extension) => found[side].get(`${key}${extension}`)).filter((log) => log !== undefined)
    hives.set(key, { place, region, before, after, logs: { before: logs('before'), after: logs('after') } })
  }
  return [...hives.values()]
}

type FoundFiles = Readonly<Record<Side, ReadonlyMap<string, ListedFile>>>

/** The hives and their logs as they are listed, changed or not: each listing is read once. */
async function lookUp(candidates: readonly Candidate[]): Promise<FoundFiles> {
  const wanted = new Set(
    candidates.flatMap(({ region, path }) => ['', ...LOGS].map((end) => `${keyOf(region, path)}${end}`)),
  )
  const found = { before: new Map<string, ListedFile>(), after: new Map<string, ListedFile>() }
  for (const region of new Set(candidates.map((candidate) => candidate.region))) {
    for (const side of ['before', 'after'] as const) {
      const isWanted = ({ path }: ListedFile) => wanted.has(keyOf(region, path))
      const files = region[side]?.files.filter(isWanted) ?? []
      for (const file of [...files, ...(await filesIn(region[side]?.names, isWanted))]) {
        const key = keyOf(region, file.path)
        if (!found[side].has(key)) found[side].set(key, file)
      }
    }
  }
  return found
}

/** Names of Windows are the same whatever their case. */
function keyOf({ start }: ComparedRegion, path: string): string {
  return `${start} ${path.toLowerCase()}`
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
  const all = sides.logs[side].filter(({ kind, size }) => kind === 'file' && size > 0)
  const logs = all.filter(({ size }) => size <= sizeLimit)
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
  const isLogUnread = logs.length < all.length || logContents.includes(undefined)
  const reasons = [
    ...(sequences[0] === sequences[1] ? [] : ['it was not closed cleanly']),
    ...(isIntact ? [] : ['the sum of its first block is wrong']),
    ...(newer.includes(true) ? ['its log holds changes that it does not have'] : []),
    ...(isLogUnread ? ['its log is not read: it is larger than size_limit, or damaged'] : []),
  ]
  if (reasons.length === 0) return { hive, warning: undefined }
  const what = `the hive ${place.hive} of ${side === 'before' ? 'the disk that the guest started from' : 'the guest’s disk'}`
  const why = `${reasons.join(', and ')}; shut the guest down before its disk is compared`
  return { hive, warning: evidenceWarning('HIVE_NOT_CLEAN', what, why) }
}
