import { resolve } from 'node:path'
import type { Hypervisor } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { type DiskImage, layersOf } from '../../../disks/disk-image.ts'
import { assertReadableBy } from '../../../disks/file-reader.ts'
import { qemuUser } from '../../../disks/qemu-user.ts'
import { type GuestsStorage, makeGuestsStorage } from '../storage/guest-disk.ts'
import { type OtherDisk, readOtherDisks } from '../storage/other-disk-overlays.ts'
import type { UsersDomain } from './edit-guest.ts'
import type { QemuConfiguration } from './qemu-configuration.ts'

/** Formats that domain XML has no name for. */
const UNKNOWN_TO_LIBVIRT = new Set(['vhdx'])

interface DiskOptions {
  readonly identifier: string
  readonly configuration: Pick<QemuConfiguration, 'disk'>
  /** The folder against which relative paths are resolved. */
  readonly folder: string
  readonly releases: ReleaseStack
  readonly signal: AbortSignal
}

/**
 * Checks that libvirt knows the formats of a chain and that its QEMU user can read the files.
 * @throws SeeError `IMAGE_INVALID` or `IMAGE_REFUSED`
 */
export async function assertUsable(
  hypervisor: Hypervisor,
  image: DiskImage,
  isOverlay: boolean,
): Promise<void> {
  const unknown = layersOf(image).find(({ format }) => UNKNOWN_TO_LIBVIRT.has(format))
  if (isOverlay && unknown !== undefined) {
    const advice = 'say disk.clone.copy_on_write: false, or convert it: qemu-img convert -O qcow2'
    throw new SeeError(
      'IMAGE_INVALID',
      `${unknown.path} is a ${unknown.format} image, of which libvirt makes no overlay; ${advice}`,
    )
  }
  const user = await qemuUser(hypervisor)
  if (user !== undefined) await assertReadableBy(user, image, isOverlay ? 0 : 1)
}

/**
 * The disks of the XML beside the first, of which the environment gets overlays.
 * @throws SeeError `DOMAIN_XML_INVALID`, `IMAGE_INVALID` or `IMAGE_REFUSED`
 */
export async function readOverlaidDisks(
  hypervisor: Hypervisor,
  { file, xml, sharesMemory }: UsersDomain,
  { configuration: { disk }, folder }: DiskOptions,
): Promise<OtherDisk[]> {
  if (disk?.others !== 'overlay') return []
  const folders = disk.backing_folders.map((each) => resolve(folder, each))
  const disks = await readOtherDisks(xml, file, folders)
  for (const { image } of disks) await assertUsable(hypervisor, image, true)
  if (disks.length === 0 || !sharesMemory) return disks
  const advice = 'say <readonly/> in its other disks, or "others": "read-only" in "disk"'
  throw new SeeError(
    'DOMAIN_XML_INVALID',
    `${file}: a template has one disk that its guest can write: ${advice}`,
  )
}

/** Makes the guest's first disk. @throws SeeError `STORAGE_FAILED` */
export async function makeDisk(
  hypervisor: Hypervisor,
  base: { readonly image: DiskImage; readonly overlay: Buffer | undefined },
  { identifier, configuration, folder, releases, signal }: DiskOptions,
): Promise<GuestsStorage> {
  const { clone } = configuration.disk ?? {}
  const parent = clone?.storage_pool_path
  const wanted = {
    identifier,
    folder: parent === undefined ? undefined : resolve(folder, parent),
    copyOnWrite: clone?.copy_on_write ?? true,
    ...base,
  }
  return await makeGuestsStorage(hypervisor, wanted, releases, signal)
}
