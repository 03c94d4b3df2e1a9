import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Hypervisor, StoragePool } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import type { GuestDisk } from '../../../contract/disk-ability.ts'
import type { DiskImage } from '../../../disks/disk-image.ts'
import { emptyOverlay, writeOverlay } from '../../../disks/empty-overlay.ts'
import {
  cloneName,
  copyByLibvirt,
  createStoragePool,
  defaultPoolPath,
  uploadOverlay,
} from './storage-pool.ts'
import { convertImage } from '../../../disks/qemu-img.ts'

export interface GuestsStorage {
  readonly pool: StoragePool
  /** The path of the image's clone. */
  readonly clone: string
  readonly disk: GuestDisk
}

interface GuestDiskOptions {
  readonly identifier: string
  /** Where the guest's folder is made; libvirt's own when undefined. */
  readonly folder: string | undefined
  readonly image: DiskImage
  readonly copyOnWrite: boolean
  /** An empty overlay of the image, where there is one already. */
  readonly overlay?: Buffer | undefined
}

/** @throws SeeError `STORAGE_FAILED`, `DISK_FULL` or `TOOL_MISSING`; or the signal's reason */
export async function makeGuestsStorage(
  hypervisor: Hypervisor,
  { identifier, folder = defaultPoolPath(hypervisor.uri), image, copyOnWrite, overlay }: GuestDiskOptions,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<GuestsStorage> {
  const content = copyOnWrite ? (overlay ?? (await emptyOverlay(image, signal))) : undefined
  let written: string | undefined
  const fill = async (ours: string): Promise<void> => {
    const file = join(ours, cloneName(identifier))
    if (!(await isWritten(writeOverlay(file, content ?? Buffer.alloc(0))))) return
    if (content === undefined) await convertImage(image, file, signal)
    written = file
  }
  const pool = await createStoragePool(hypervisor, identifier, folder, releases, fill).catch(
    (error: unknown) => {
      signal.throwIfAborted()
      throw error
    },
  )
  signal.throwIfAborted()
  const clone =
    written ??
    (await (content === undefined
      ? copyByLibvirt(pool, image)
      : uploadOverlay(pool, cloneName(identifier), content)))
  return { pool, clone, disk: diskInPool(pool, cloneName(identifier), image) }
}

/** A clone in the pool, read over libvirt's connection: its file is QEMU's user's while the guest runs. */
export function diskInPool(pool: StoragePool, name: string, image: DiskImage): GuestDisk {
  return {
    image,
    read: async ({ signal }): Promise<Readable> => {
      const volume = await pool.storageVolLookupByName(name)
      return await volume.download({ signal })
    },
  }
}

const ONLY_LIBVIRTS = new Set(['EACCES', 'ENOENT', 'EPERM', 'EROFS'])

/** Only libvirt may write into the folder where it does so for others, and where its files are not ours. */
async function isWritten(writing: Promise<void>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    const cause = error instanceof SeeError ? error.cause : undefined
    if (cause instanceof Error && 'code' in cause && ONLY_LIBVIRTS.has(String(cause.code))) return false
    throw error
  }
}
