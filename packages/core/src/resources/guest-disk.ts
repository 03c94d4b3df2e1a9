import type { Readable } from 'node:stream'
import type { StoragePool } from '@see/libvirt'
import type { GuestDisk } from '../resources.ts'
import type { DiskFormat } from './disk-image.ts'
import { cloneName } from './libvirt-storage.ts'

/** The clone in the pool, read over libvirt's connection: its file is QEMU's user's while the guest runs. */
export function guestDisk(
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
