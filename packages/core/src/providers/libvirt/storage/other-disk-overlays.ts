import type { StoragePool } from '@see/libvirt'
import { type DiskFormat, diskFormats } from '../../../disks/disk-format.ts'
import type { DiskImage } from '../../../disks/disk-image.ts'
import { readImageChain } from '../../../disks/image-chain.ts'
import { SeeError } from '../../../common/errors.ts'
import type { OtherGuestDisk } from '../../../contract/disk-ability.ts'
import { attribute } from '../xml/device-elements.ts'
import { emptyOverlay } from '../../../disks/empty-overlay.ts'
import { diskInPool } from './guest-disk.ts'
import { nameOfDisk, otherDisksIn } from '../xml/other-disks.ts'
import { uploadOverlay } from './storage-pool.ts'
import type { Element } from '../../../common/xml-elements.ts'
import type { DiskEdit } from '../xml/parts/guests-disk.ts'

/** A disk of the XML beside the first that its guest can write to, and the image that it is. */
export interface OtherDisk {
  /** The name of its target, which no other disk has. */
  readonly target: string
  readonly image: DiskImage
}

/**
 * Reads the disks of which each environment gets an overlay of its own.
 * @param backingFolders absolute paths of folders in which bases of the images may be, beside their own
 * @throws SeeError `DOMAIN_XML_INVALID`, `IMAGE_INVALID` or `IMAGE_REFUSED`
 */
export async function readOtherDisks(
  xml: string,
  file: string,
  backingFolders: readonly string[],
): Promise<OtherDisk[]> {
  const found: OtherDisk[] = []
  for (const disk of otherDisksIn(xml, true)) {
    const path = attribute(disk, ['source'], 'file')
    const target = attribute(disk, ['target'], 'dev')
    if (disk.getAttribute('type') !== 'file' || path === undefined || target === undefined) {
      const message = `${file}: ${nameOfDisk(disk)} is no file, of which an environment could have an overlay; say <readonly/> in it, or "others": "shared" in "disk", which has all guests write to it`
      throw new SeeError('DOMAIN_XML_INVALID', message)
    }
    const format = formatOf(disk, file)
    found.push({ target, image: await readImageChain(path, { isLocal: true, backingFolders, format }) })
  }
  return found
}

/** libvirt takes a disk without a format for a raw one, and does not look. */
function formatOf(disk: Element, file: string): DiskFormat {
  const named = attribute(disk, ['driver'], 'type') ?? 'raw'
  const format = diskFormats.find((each) => each === named)
  if (format !== undefined) return format
  throw new SeeError(
    'DOMAIN_XML_INVALID',
    `${file}: ${nameOfDisk(disk)} has the unknown format ${named.slice(0, 20)}`,
  )
}

/** @throws SeeError `STORAGE_FAILED`, `DISK_FULL` or `TOOL_MISSING`; or the signal's reason */
export async function makeOverlays(
  pool: StoragePool,
  disks: readonly OtherDisk[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DiskEdit>> {
  const made = new Map<string, DiskEdit>()
  for (const { target, image } of disks) {
    const content = await emptyOverlay(image, signal)
    const path = await uploadOverlay(pool, overlayName(pool, target), content)
    made.set(target, { path, format: 'qcow2', backing: image })
  }
  return made
}

/** The overlays, for hooks that read them. */
export function overlaysIn(pool: StoragePool, disks: readonly OtherDisk[]): OtherGuestDisk[] {
  return disks.map(({ target, image }) => ({ target, ...diskInPool(pool, overlayName(pool, target), image) }))
}

function overlayName(pool: StoragePool, target: string): string {
  return `${pool.name}-${target}.qcow2`
}
