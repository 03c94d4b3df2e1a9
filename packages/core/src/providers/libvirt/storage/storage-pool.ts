import { homedir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  type Hypervisor,
  isLibvirtError,
  LibvirtConnectionError,
  type StoragePool,
  type StorageVolume,
} from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import type { DiskFormat } from '../../../disks/disk-format.ts'
import type { DiskImage } from '../../../disks/disk-image.ts'
import { identifierTaken } from '../domain/open-hypervisor.ts'
import { escapeXml } from '../../../common/escape-xml.ts'
import { entryOf, evenAfterLoss, undoAsOthers } from '../daemon/libvirt-kind.ts'
import { poolKind, removePool } from './pool-kind.ts'
import { upload } from './upload.ts'

/** Full copies of large images take their time. */
const COPY_TIMEOUT_MS = 600_000
/** For libvirt to copy an image of hundreds of GiB. */
const LONGEST_COPY_MS = 7_200_000

/**
 * Makes the folder of one environment, as a storage pool at `path/<identifier>`; it goes away with all that is in it.
 * @param fill called once the folder is there, and before libvirt looks what is in it
 */
export async function createStoragePool(
  hypervisor: Hypervisor,
  identifier: string,
  path: string,
  releases: ReleaseStack,
  fill: (folder: string) => Promise<void>,
): Promise<StoragePool> {
  const folder = join(path, identifier)
  await assertFree(hypervisor, identifier)
  const payload = { uri: hypervisor.uri, folder }
  const thing = { identifier, kind: poolKind, payload }
  let pool: StoragePool | undefined
  let isLost = false
  let isStarted = false
  const recorded = await releases.defer(
    entryOf(poolKind, `storage pool ${folder}`, payload),
    evenAfterLoss(thing, async () => {
      // A daemon that was killed meanwhile may have made it.
      if (isLost) return await undoAsOthers(thing)
      if (pool !== undefined) await removePool(pool, payload, isStarted)
    }),
    COPY_TIMEOUT_MS,
  )
  try {
    pool = await hypervisor.storagePoolDefineXML(poolXml(identifier, folder))
    recorded.made()
    await pool.build()
    await fill(folder)
    await pool.create()
    isStarted = true
    return pool
  } catch (error) {
    isLost = pool === undefined && error instanceof LibvirtConnectionError
    if (error instanceof SeeError) throw error
    throw new SeeError('STORAGE_FAILED', `cannot make the storage pool ${folder}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** libvirt would take a definition for a change of the pool that is there, which would end with this environment. */
async function assertFree(hypervisor: Hypervisor, identifier: string): Promise<void> {
  try {
    await hypervisor.storagePoolLookupByUUID(identifier)
  } catch (error) {
    if (isLibvirtError(error) && error.code === 'VIR_ERR_NO_STORAGE_POOL') return
    throw error
  }
  throw identifierTaken('storage pool', identifier)
}

/**
 * Creates a disk of the guest's from an empty overlay, by an upload over libvirt's connection.
 * @param name of the volume
 * @returns the path of the disk
 */
export async function uploadOverlay(pool: StoragePool, name: string, content: Buffer): Promise<string> {
  try {
    const volume = await createRawVolume(pool, name, content.length)
    await upload(Readable.from([content]), volume, content.length)
    return await volume.getPath()
  } catch (error) {
    throw new SeeError('STORAGE_FAILED', `cannot make the disk in ${pool.name}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/**
 * Has libvirt copy an image into the pool.
 * @returns the path of the copy, whose format is qcow2
 */
export async function copyByLibvirt(pool: StoragePool, image: DiskImage): Promise<string> {
  const name = cloneName(pool.name)
  try {
    // libvirt copies volumes only, and the image need not be one: an overlay of it is.
    const source = await overlay(pool, `${pool.name}-source.qcow2`, image)
    const copy = await pool.storageVolCreateXMLFrom(volumeXml(name, 'qcow2'), source, {
      timeoutMs: LONGEST_COPY_MS,
    })
    await source.delete()
    return await copy.getPath()
  } catch (error) {
    throw new SeeError('STORAGE_FAILED', `cannot clone ${image.path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Name of the volume that is the guest's disk. */
export function cloneName(identifier: string): string {
  return `${identifier}.qcow2`
}

function overlay(pool: StoragePool, name: string, { path, format }: DiskImage): Promise<StorageVolume> {
  const backing = `<backingStore><path>${escapeXml(path)}</path><format type="${format}"/></backingStore>`
  return pool.storageVolCreateXML(volumeXml(name, 'qcow2', backing))
}

function volumeXml(name: string, format: DiskFormat, backing = ''): string {
  return `<volume><name>${name}</name><target><format type="${format}"/></target>${backing}</volume>`
}

/** Makes an empty raw volume of a size in bytes. */
export function createRawVolume(pool: StoragePool, name: string, bytes: number): Promise<StorageVolume> {
  return pool.storageVolCreateXML(
    `<volume><name>${name}</name><capacity unit="bytes">${bytes}</capacity><allocation>0</allocation><target><format type="raw"/></target></volume>`,
  )
}

// QEMU runs as a user of its own: it must get through the folder to its disk, but need not list it.
function poolXml(identifier: string, folder: string): string {
  return `<pool type="dir"><name>${identifier}</name><uuid>${identifier}</uuid><target><path>${escapeXml(folder)}</path><permissions><mode>0711</mode></permissions></target></pool>`
}

/** Where libvirt keeps images itself; in session mode, the daemon is the user's own. */
export function defaultPoolPath(uri: string): string {
  return uri.endsWith('/session') ? join(homedir(), '.cache', 'see', 'instances') : '/var/lib/libvirt/images'
}
