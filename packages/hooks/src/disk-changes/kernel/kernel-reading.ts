import { messageOf, SeeError, allOrCollect } from '@see/core'
import type { ComparedRegion, DiskComparison } from '../sleuth-kit/compare-disks.ts'
import { compareListings, type FileChange } from '../files/compare-listings.ts'
import type { DiskRegion, RegionSide } from '../sleuth-kit/disk-regions.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { QUIET } from '../layout/file-system-state.ts'
import { HelperRefusal } from './helper-conversation.ts'
import { MAX_NAMES } from './helper-listing.ts'
import type { HelperVolume } from './helper-volume.ts'
import { KernelDisk } from './kernel-disk.ts'
import type { ListedFile } from '../files/listed-file.ts'
import { filesIn } from '../sleuth-kit/listed-names.ts'
import { firstOf } from '../sleuth-kit/region-changes.ts'
import { readerKit } from './reader-kit.ts'
import { isVolumeOf, volumeRegions } from './volume-regions.ts'

/** What the kernel of the helper guest reads, by the names of blkid. */
const FILE_SYSTEMS = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'squashfs', 'erofs', 'udf'])
/** What holds volumes, which are regions of their own. */
const CONTAINERS: Readonly<Record<string, HelperVolume['place']>> = {
  LVM2_member: 'lvm',
  linux_raid_member: 'md',
}
/** As fiwalk: the content of a file beyond that is not compared. */
const MAX_CONTENT_BYTES = 2 ** 31 - 1

export type BothDisks = readonly [KernelDisk, KernelDisk]

export interface KernelReadingOptions {
  /** Before and after. */
  readonly disks: readonly [string, string]
  /** The hook's key: where that is with which the helper guest boots. */
  readonly reader: string | null
  readonly strict: boolean
  readonly concurrent: boolean
  readonly wasRunning: boolean
  /** Changed names that are kept at most. */
  readonly changesLimit: number
}

export interface KernelReading extends AsyncDisposable {
  readonly comparison: DiskComparison
  /** Where contents can be read; undefined when nothing was left for the kernel to read. */
  readonly disks: BothDisks | undefined
}

/**
 * Reads what The Sleuth Kit does not, or would read wrong, by the kernel of a helper guest for each disk. What cannot be
 * read that way either stays unread, with the reason.
 * @throws the signal's reason
 */
export async function readByKernel(
  tools: DiskTools,
  comparison: DiskComparison,
  options: KernelReadingOptions,
): Promise<KernelReading> {
  const wanted = comparison.regions.filter(isForKernel)
  const kit = wanted.length === 0 ? undefined : await readerKit(options.reader)
  if (kit === undefined) return nothingRead(comparison)
  if ('missing' in kit) return nothingRead(explained(comparison, wanted, kit.missing))
  const opened: KernelDisk[] = []
  const open = async (disk: string): Promise<KernelDisk> => {
    const kernel = await KernelDisk.open(tools, kit, disk)
    opened.push(kernel)
    return kernel
  }
  const dispose = async (): Promise<void> => {
    for (const kernel of opened) await kernel[Symbol.asyncDispose]()
  }
  try {
    const disks = await both(options, (side) => open(options.disks[side]))
    const read = await new Reading(tools, disks, options).read(comparison, wanted)
    return { comparison: read, disks, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    tools.signal.throwIfAborted()
    return nothingRead(explained(comparison, wanted, messageOf(error)))
  }
}

function nothingRead(comparison: DiskComparison): KernelReading {
  return { comparison, disks: undefined, [Symbol.asyncDispose]: async () => undefined }
}

type SideIndex = 0 | 1

async function both<Result>(
  { concurrent }: { readonly concurrent: boolean },
  ask: (side: SideIndex) => Promise<Result>,
): Promise<readonly [Result, Result]> {
  return concurrent ? await allOrCollect(ask(0), ask(1)) : [await ask(0), await ask(1)]
}

/** Not what is the same, byte by byte, or of no kind that a kernel reads. */
function isForKernel({ before, after, isSame }: ComparedRegion): boolean {
  return !isSame && [before, after].some((side) => side !== undefined && isLeft(side) && isReadable(side))
}

/** The Sleuth Kit has not read it, or not what its journal would change. */
function isLeft({ readBy, state }: RegionSide): boolean {
  return readBy === null || (readBy === 'tsk' && state.hasPendingJournal)
}

function isReadable({ type }: RegionSide): boolean {
  return type !== null && (FILE_SYSTEMS.has(type) || type in CONTAINERS)
}

/** The regions with a reason why they stay unread. */
function explained(
  comparison: DiskComparison,
  wanted: readonly ComparedRegion[],
  why: string,
): DiskComparison {
  const explain = (side: RegionSide | undefined): RegionSide | undefined =>
    side === undefined || side.readBy !== null ? side : unread(side, why)
  const regions = comparison.regions.map((region) =>
    wanted.includes(region)
      ? { ...region, before: explain(region.before), after: explain(region.after) }
      : region,
  )
  return { ...comparison, regions }
}

function unread(side: RegionSide, why: string): RegionSide {
  const reason = side.whyUnread === undefined ? why : `${side.whyUnread}; ${why}`
  return { ...side, whyUnread: reason }
}

/** Reads the wanted regions, and the volumes that were found, on both disks. */
class Reading {
  readonly #tools: DiskTools
  readonly #disks: BothDisks
  readonly #options: KernelReadingOptions

  constructor(tools: DiskTools, disks: BothDisks, options: KernelReadingOptions) {
    this.#tools = tools
    this.#disks = disks
    this.#options = options
  }

  async read(comparison: DiskComparison, wanted: readonly ComparedRegion[]): Promise<DiskComparison> {
    const [before, after] = this.#disks
    const volumes = volumeRegions(before.volumes, after.volumes)
    const [former, now] = await both(this.#options, async (side) => {
      const sides = new Map<number, RegionSide | undefined>()
      for (const region of [...wanted, ...volumes])
        sides.set(region.start, await this.#readSide(region, side))
      return sides
    })
    const unverified: string[] = [...comparison.unverified]
    const reread = [...comparison.regions, ...volumes].map((region) =>
      former.has(region.start)
        ? { ...region, before: former.get(region.start), after: now.get(region.start) }
        : region,
    )
    const byKit = new Set(reread.filter(isByKit).map(({ start }) => start))
    const changes = comparison.changes.filter(({ start }) => byKit.has(start))
    const regions: ComparedRegion[] = []
    for (const region of reread) {
      if (byKit.has(region.start)) regions.push(region)
      else {
        const files = await withFiles(region.before)
        const listed = { ...region, before: files, after: await withFiles(region.after) }
        const limit = this.#options.changesLimit - changes.length
        const { kept, cut } = firstOf(this.#changesIn(listed, unverified), limit)
        for (const change of kept) changes.push(change)
        regions.push({ ...listed, cut })
      }
    }
    return { ...comparison, regions, changes, unverified }
  }

  async #readSide(region: DiskRegion, index: SideIndex): Promise<RegionSide | undefined> {
    const side = index === 0 ? region.before : region.after
    const disk = this.#disks[index]
    if (side === undefined || !isReadable(side)) return side
    const container = side.type === null ? undefined : CONTAINERS[side.type]
    if (container !== undefined) {
      return disk.volumes.some(({ place }) => place === container)
        ? { ...side, readBy: 'volumes', state: QUIET }
        : unread(side, 'none of its volumes could be assembled')
    }
    const volume = disk.volumes.find((each) => isVolumeOf(region, each))
    if (volume === undefined) return unread(side, 'the kernel of the helper guest finds nothing there')
    if (volume.problem !== null) return unread(side, volume.problem)
    try {
      const contentLimit = this.#options.strict ? MAX_CONTENT_BYTES : 0
      const maxBytes = this.#tools.outputBytes
      const listing = await disk.list(volume, { start: region.start, contentLimit, maxBytes })
      const { failure: _failure, whyUnread: _whyUnread, names: _names, ...rest } = side
      const state = { ...QUIET, hasPendingJournal: listing.isPartial }
      return { ...rest, readBy: 'kernel', files: listing.files, unreadFiles: listing.troubles, state }
    } catch (error) {
      this.#tools.signal.throwIfAborted()
      if (!(error instanceof HelperRefusal || error instanceof SeeError)) throw error
      return unread(side, `the kernel of the helper guest does not read it: ${messageOf(error)}`)
    }
  }

  #changesIn({ start, prefix, before, after }: ComparedRegion, unverified: string[]): FileChange[] {
    if (before?.readBy === null || after === undefined || after.readBy === null) return []
    const { strict, wasRunning } = this.#options
    const differs = (was: ListedFile, is: ListedFile): boolean => {
      if (!strict || is.kind !== 'file') return false
      if (was.sha1 === undefined || is.sha1 === undefined) unverified.push(`${prefix}${is.path}`)
      return was.sha1 !== is.sha1
    }
    const files = before?.files ?? []
    // Times may be in seconds: in the last one of a guest that went on, there may have been writes that changed none.
    const latest = files.reduce((time, { ctime }) => Math.max(time, ctime), 0)
    return compareListings(start, files, after.files, differs, wasRunning ? latest : undefined)
  }
}

/** What the kernel reads of neither disk stays as The Sleuth Kit has it. */
function isByKit({ before, after }: DiskRegion): boolean {
  return [before, after].every((side) => side?.readBy !== 'kernel' && side?.readBy !== 'volumes')
}

/** The files of a side are compared with those that the kernel lists of the other. */
async function withFiles(side: RegionSide | undefined): Promise<RegionSide | undefined> {
  if (side?.names === undefined) return side
  const { names, ...rest } = side
  if (names.count <= MAX_NAMES) return { ...rest, files: await filesIn(names) }
  return { ...rest, readBy: null, whyUnread: `it has more than ${MAX_NAMES} names` }
}
