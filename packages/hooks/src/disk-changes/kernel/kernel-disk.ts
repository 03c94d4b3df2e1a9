import { contentCapacity } from '../layout/beyond-capacity.ts'
import { type DiskTools } from '../tools/disk-tools.ts'
import { HelperRefusal } from './helper-conversation.ts'
import type { ReaderKit } from './helper-guest-arguments.ts'
import { HelperGuest } from './helper-guest.ts'
import { type HelperListing, MAX_NAMES } from './helper-listing.ts'
import type { HelperVolume } from './helper-volume.ts'

const BTRFS = 'btrfs'
const SECTOR_BYTES = 512
/** A file system that was listed. */
interface Mounted {
  /** Its number in the guest. */
  readonly number: number
  /** Bytes of content that may still be read. */
  contentBytes: number
}

/** A disk as a Linux kernel reads it, in a guest of its own. */
export class KernelDisk implements AsyncDisposable {
  readonly volumes: readonly HelperVolume[]
  readonly #guest: HelperGuest
  #namesLeft = MAX_NAMES
  /** By the start of the region. */
  readonly #mounted = new Map<number, Mounted>()

  private constructor(guest: HelperGuest) {
    this.#guest = guest
    this.volumes = guest.volumes
  }

  /** @throws SeeError `TOOL_FAILED`, `TOOL_MISSING` or `CONFINEMENT_FAILED` */
  static async open(tools: DiskTools, kit: ReaderKit, disk: string): Promise<KernelDisk> {
    const guest = await HelperGuest.start(tools, kit, disk)
    try {
      for (const { device, type } of guest.volumes) {
        if (type === BTRFS && device !== null) await guest.scan(device)
      }
    } catch (error) {
      await guest[Symbol.asyncDispose]()
      throw error
    }
    return new KernelDisk(guest)
  }

  /**
   * Lists the files of a volume.
   * @param start what its region begins at
   * @param contentLimit bytes of a file beyond which its content is not read; 0 for that of none
   * @throws HelperRefusal, or SeeError
   */
  async list(
    volume: HelperVolume,
    {
      start,
      contentLimit,
      maxBytes,
    }: { readonly start: number; readonly contentLimit: number; readonly maxBytes: number },
  ): Promise<Pick<HelperListing, 'files' | 'troubles'> & { readonly isPartial: boolean }> {
    const number = this.#mounted.size
    const isPartial = await this.#guest.mount(volume, number)
    const contentBytes = contentCapacity(volume.sectors * SECTOR_BYTES)
    this.#mounted.set(start, { number, contentBytes })
    const options = { contentLimit, contentBytes, maxBytes, maxNames: this.#namesLeft }
    const { files, troubles } = await this.#guest.list(number, options)
    this.#namesLeft -= files.length
    return { files, troubles, isPartial }
  }

  /** Whether the files of a region are read here. */
  reads(start: number): boolean {
    return this.#mounted.has(start)
  }

  /**
   * Reads a file of a region that was listed.
   * @throws HelperRefusal, or SeeError
   */
  async read(
    start: number,
    file: { readonly path: string; readonly maxBytes: number },
    take: (part: Buffer) => void,
  ): Promise<void> {
    const mounted = this.#mounted.get(start)
    if (mounted === undefined || mounted.contentBytes < file.maxBytes)
      throw new HelperRefusal('files hold more than a file system of this size can')
    await this.#guest.read(mounted.number, file, (part) => {
      mounted.contentBytes -= part.length
      take(part)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest[Symbol.asyncDispose]()
  }
}
