import type { FileChange } from '../files/compare-listings.ts'
import type { DiskLayout } from '../layout/disk-layout.ts'
import type { DiskRegion, RegionSide } from './disk-regions.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { withInodes } from './ext-inodes.ts'
import type { ListedFile } from '../files/listed-file.ts'

type Side = 'before' | 'after'

const UNREAD = 'its attributes and flags lie on damaged blocks'

/** Adds to listed files what The Sleuth Kit does not report about inodes of ext2, 3 and 4. */
export class DiskInodes {
  readonly #tools: DiskTools
  readonly #disks: readonly [string, string]
  readonly #layouts: readonly [DiskLayout, DiskLayout]
  readonly #unread = new Map<string, Set<string>>()

  constructor(
    tools: DiskTools,
    disks: readonly [string, string],
    layouts: readonly [DiskLayout, DiskLayout],
  ) {
    this.#tools = tools
    this.#disks = disks
    this.#layouts = layouts
  }

  /** Files of one side of a region, complete. */
  async ofFiles(region: DiskRegion, side: Side, files: readonly ListedFile[]): Promise<ListedFile[]> {
    const complete = await this.#complete(region, side, files)
    return files.map((file) => complete.get(file) ?? file)
  }

  /** Changes in a region, with their files complete. */
  async ofChanges(region: DiskRegion, changes: readonly FileChange[]): Promise<FileChange[]> {
    const [before, after] = await Promise.all(
      (['before', 'after'] as const).map((side) =>
        this.#complete(
          region,
          side,
          changes.map((change) => change[side]).filter((file) => file !== undefined),
        ),
      ),
    )
    return changes.map((change) => ({
      ...change,
      before: completed(before, change.before),
      after: completed(after, change.after),
    }))
  }

  /** A region with the names of which not everything could be read. */
  withUnread<Region extends DiskRegion>(region: Region): Region {
    return { ...region, before: this.#explained(region, 'before'), after: this.#explained(region, 'after') }
  }

  #explained(region: DiskRegion, side: Side): RegionSide | undefined {
    const paths = this.#unread.get(`${side} ${region.start}`)
    const found = region[side]
    if (paths === undefined || found === undefined) return found
    return { ...found, unreadFiles: [...paths].map((path) => ({ path, why: UNREAD })) }
  }

  async #complete(
    region: DiskRegion,
    side: Side,
    files: readonly ListedFile[],
  ): Promise<ReadonlyMap<ListedFile, ListedFile>> {
    const found = region[side]
    if (found?.ext === undefined || files.length === 0) return new Map()
    const index = side === 'before' ? 0 : 1
    const { sizeBytes } = this.#layouts[index]
    const system = {
      disk: this.#disks[index],
      diskBytes: sizeBytes,
      start: region.start,
      geometry: found.ext,
    }
    const complete = await withInodes(this.#tools, system, files)
    const key = `${side} ${region.start}`
    const unread = this.#unread.get(key) ?? new Set()
    for (const { path } of complete.unread) unread.add(path)
    if (unread.size > 0) this.#unread.set(key, unread)
    return complete.files
  }
}

function completed(
  files: ReadonlyMap<ListedFile, ListedFile> | undefined,
  file: ListedFile | undefined,
): ListedFile | undefined {
  return file === undefined ? undefined : (files?.get(file) ?? file)
}
