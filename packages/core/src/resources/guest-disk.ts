import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Hypervisor, StoragePool } from '@see/libvirt'
import type { ReleaseStack } from '../release-stack.ts'
import type { GuestDisk } from '../resources.ts'
import type { DiskFormat } from './disk-image.ts'
import { cloneImage, cloneName, createStoragePool, defaultPoolPath } from './libvirt-storage.ts'

export interface GuestsStorage {
  readonly pool: StoragePool
  /** The path of the image's clone. */
  readonly clone: string
  readonly disk: GuestDisk
}

interface Wanted {
  readonly identifier: string
  /** Where the guest's folder is made; libvirt's own when undefined. */
  readonly folder: string | undefined
  readonly image: { readonly path: string; readonly format: DiskFormat }
  readonly copyOnWrite: boolean
  /** An empty overlay of the image, which the clone is to be a copy of; without it, libvirt makes one. */
  readonly overlay?: Buffer | undefined
}

/** @throws SeeError `STORAGE_FAILED`, or the signal's reason */
export async function makeGuestsStorage(
  hypervisor: Hypervisor,
  { identifier, folder = defaultPoolPath(hypervisor.uri), image, copyOnWrite, overlay }: Wanted,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<GuestsStorage> {
  const pool = await createStoragePool(hypervisor, identifier, folder, releases, overlay)
  signal.throwIfAborted()
  const clone =
    overlay === undefined
      ? await cloneImage(pool, image, copyOnWrite)
      : join(folder, identifier, cloneName(pool))
  return { pool, clone, disk: guestDisk(pool, image) }
}

/** The clone in the pool, read over libvirt's connection: its file is QEMU's user's while the guest runs. */
function guestDisk(
  pool: StoragePool,
  image: { readonly path: string; readonly format: DiskFormat },
): GuestDisk {
  return {
    image,
    read: async ({ signal }): Promise<Readable> => {
      const volume = await pool.storageVolLookupByName(cloneName(pool))
      return await volume.download({ signal })
    },
  }
}
