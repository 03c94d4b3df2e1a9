import { SeeError } from '@see/core'
import type { DiskTools } from '../tools/disk-tools.ts'
import { HelperConversation, unexpected } from './helper-conversation.ts'
import type { ReaderKit } from './helper-guest-arguments.ts'
import { HelperListing } from './helper-listing.ts'
import { type HelperVolume, parseVolume } from './helper-volume.ts'

const MAX_VOLUMES = 500

interface ListOptions {
  /** Bytes of a file beyond which its content is not read; 0 for that of none. */
  readonly contentLimit: number
  /** Bytes of content that are read altogether. */
  readonly contentBytes: number
  readonly maxNames: number
  /** Bytes of the listing, but for contents. */
  readonly maxBytes: number
}

/**
 * A guest of its own that reads a disk with a Linux kernel: QEMU without acceleration and network, confined as all tools
 * over evidence are. What it answers is as hostile as the disk.
 */
export class HelperGuest implements AsyncDisposable {
  /** What the disk has, in the order in which it was found. */
  readonly volumes: readonly HelperVolume[]
  readonly #conversation: HelperConversation

  private constructor(volumes: readonly HelperVolume[], conversation: HelperConversation) {
    this.volumes = volumes
    this.#conversation = conversation
  }

  /**
   * @param disk a raw image, in the mount namespace of the tools
   * @throws SeeError `TOOL_FAILED`, `TOOL_MISSING` or `CONFINEMENT_FAILED`
   */
  static async start(tools: DiskTools, kit: ReaderKit, disk: string): Promise<HelperGuest> {
    const volumes: HelperVolume[] = []
    const conversation = new HelperConversation(tools, kit, disk)
    try {
      await conversation.greeting((frame) => {
        if (frame.type !== 'V') unexpected(frame)
        if (volumes.length === MAX_VOLUMES) throw new Error(`the disk has more than ${MAX_VOLUMES} volumes`)
        volumes.push(parseVolume(frame.payload))
        return true
      })
    } catch (error) {
      await conversation.end()
      throw error
    }
    return new HelperGuest(volumes, conversation)
  }

  /** Has the kernel look at a device of which others may be made, for example a member of a btrfs. */
  async scan(device: string): Promise<void> {
    await this.#conversation.ask('B', [device], unexpected)
  }

  /**
   * Mounts the file system of a volume.
   * @returns whether its journal could not be played back, so that what is only there is missing
   * @throws HelperRefusal, or SeeError
   */
  async mount({ device, type }: HelperVolume, number: number): Promise<boolean> {
    let isPartial = false
    await this.#conversation.ask('M', [String(number), device ?? '', type ?? ''], ({ payload }) => {
      isPartial = payload.toString() !== '0'
      return false
    })
    return isPartial
  }

  /**
   * @param number the one it was mounted with
   * @throws HelperRefusal, or SeeError
   */
  async list(number: number, options: ListOptions): Promise<HelperListing> {
    const listing = new HelperListing(options)
    const words = [number, options.contentLimit, options.contentBytes].map(String)
    await this.#conversation.ask('L', words, (frame) => listing.take(frame))
    return listing
  }

  /**
   * Reads a file.
   * @param path with characters that are bytes
   * @throws HelperRefusal, or SeeError
   */
  async read(
    number: number,
    { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
    take: (part: Buffer) => void,
  ): Promise<void> {
    let bytes = 0
    await this.#conversation.ask('R', [String(number), path, String(maxBytes)], ({ payload }) => {
      bytes += payload.length
      if (bytes > maxBytes)
        throw new SeeError('TOOL_FAILED', 'the helper guest sent more than it was asked for')
      take(payload)
      return payload.length > 0
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#conversation.end()
  }
}
