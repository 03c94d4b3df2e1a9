import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Domain, StoragePool } from '@see/libvirt'
import type { AttachedDisk } from '../../../contract/attach-ability.ts'
import { createRawVolume } from './storage-pool.ts'
import { upload } from './upload.ts'
import { escapeXml } from '../../../common/escape-xml.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf } from '../../../common/xml-elements.ts'

const SECTOR_BYTES = 512

/**
 * Plugs a read-only virtio disk into a running guest whose first bytes are those of a file. The disk has no file system:
 * every guest can read that, and needs no tool for it on either side.
 */
export async function attachFile(domain: Domain, pool: StoragePool, path: string): Promise<AttachedDisk> {
  const contentBytes = (await stat(path)).size
  // A virtio disk's serial number has 20 characters.
  const serial = `see${randomUUID().replaceAll('-', '').slice(0, 17)}`
  const diskBytes = Math.max(1, Math.ceil(contentBytes / SECTOR_BYTES)) * SECTOR_BYTES
  const volume = await createRawVolume(pool, `${pool.name}-${serial}.raw`, diskBytes)
  await upload(createReadStream(path), volume, contentBytes)
  const xml = diskXml(await volume.getPath(), serial, await freeTarget(domain))
  await domain.attachDevice(xml)
  return { serial, contentBytes, detach: () => domain.detachDevice(xml) }
}

function diskXml(path: string, serial: string, target: string): string {
  return `<disk type="file" device="disk"><driver name="qemu" type="raw"/><source file="${escapeXml(path)}"/><target dev="${target}" bus="virtio"/><readonly/><serial>${serial}</serial></disk>`
}

/** The first name from vda on that no disk of the domain has. */
async function freeTarget(domain: Domain): Promise<string> {
  const root = parseXml(await domain.getXMLDesc()).documentElement
  const devices = root === null ? undefined : childOf(root, 'devices')
  const disks = devices === undefined ? [] : childrenOf(devices, 'disk')
  const used = new Set(disks.map((disk) => childOf(disk, 'target')?.getAttribute('dev')))
  const free = Array.from('abcdefghijklmnopqrstuvwxyz')
    .map((letter) => `vd${letter}`)
    .find((name) => !used.has(name))
  if (free === undefined) throw new Error('the domain has no free virtio disk name left')
  return free
}
