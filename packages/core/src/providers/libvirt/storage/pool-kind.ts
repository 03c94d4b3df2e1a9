import { lstat, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isLibvirtError, type StoragePool } from '@see/libvirt'
import { z } from 'zod'
import { isCoded } from '../../../common/is-coded.ts'
import { removeTree } from '../../../host/remove-tree.ts'
import { isOnThisHost } from '../daemon/open-daemon.ts'
import { type LibvirtKind, type Undoing, unlessMissing } from '../daemon/libvirt-kind.ts'

const payload = z.strictObject({ uri: z.string(), folder: z.string() })
type PoolPayload = z.output<typeof payload>

const STATE_FOLDER = '/run/libvirt/storage'

/** The storage pool of an environment: its definition, its folder and what is in it. */
export const poolKind: LibvirtKind<PoolPayload> = {
  kind: 'libvirt-pool',
  isLasting: true,
  payload,
  undo: undoPool,
}

/** The folder also goes while the daemon is gone; then its definition is left. */
async function undoPool({ identifier, payload: place, daemons }: Undoing<PoolPayload>): Promise<void> {
  const { uri, folder } = place
  if (basename(folder) !== identifier) throw new Error(`${folder} is not of ${identifier}`)
  const isGone = await removeHere(place)
  const hypervisor = await daemons.at(uri)
  const pool = await unlessMissing('VIR_ERR_NO_STORAGE_POOL', hypervisor.storagePoolLookupByUUID(identifier))
  if (pool?.name === identifier) await (isGone ? forgetPool(pool) : removePool(pool, place))
  // A daemon that was started again finds the folder gone and forgets that the pool was active, but not its file.
  if (isOnThisHost(uri))
    await rm(join(STATE_FOLDER, `${identifier}.xml`), { force: true }).catch(() => undefined)
}

async function forgetPool(pool: StoragePool): Promise<void> {
  if (await pool.isActive()) await pool.destroy()
  await pool.undefine()
}

/**
 * Removes a pool with all that is in it, be it made here or by a hook.
 * @param isStarted whether it is known to be active
 */
export async function removePool(pool: StoragePool, place: PoolPayload, isStarted = false): Promise<void> {
  if (isStarted || (await pool.isActive())) {
    await emptyPool(pool)
    await pool.delete()
  } else {
    await removeInactive(pool, place)
  }
  await pool.undefine()
}

async function removeInactive(pool: StoragePool, place: PoolPayload): Promise<void> {
  if (await removeHere(place)) return
  try {
    // Only an active one has files that libvirt deletes, and only one whose folder is there can be active.
    await pool.create()
    await emptyPool(pool)
    await pool.delete()
  } catch (error) {
    if (isLibvirtError(error) && /no such file|cannot open/i.test(error.message)) return
    throw error
  }
}

/**
 * Deletes whatever is in the pool, and stops it. A daemon that was started again may not know what the one before did.
 */
async function emptyPool(pool: StoragePool): Promise<void> {
  // The known volumes first: a refresh reads the headers of all files and opens what they name, and a taken-over QEMU may
  // have written the header of the guest's disk.
  for (const volume of await pool.listAllVolumes()) await volume.delete()
  await pool.refresh()
  for (const volume of await pool.listAllVolumes()) await volume.delete()
  await pool.destroy()
}

/** Removes the folder without libvirt. @returns whether it is gone: it may be on another host, or only libvirt's */
async function removeHere({ uri, folder }: PoolPayload): Promise<boolean> {
  if (!isOnThisHost(uri)) return false
  try {
    // What is in the place of the folder is not followed.
    if ((await lstat(folder)).isDirectory()) await removeTree(folder)
    return true
  } catch (error) {
    return isCoded(error, 'ENOENT')
  }
}
