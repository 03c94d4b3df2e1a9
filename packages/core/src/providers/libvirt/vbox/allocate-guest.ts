import { resolve } from 'node:path'
import type { Domain, Hypervisor } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import type { OwnerRecord } from '../../../common/owner-record.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import type { ResourcesParameters } from '../../../contract/resources.ts'
import type { DiskFormat } from '../../../disks/disk-format.ts'
import { fetchImage } from '../../../images/fetched-image.ts'
import { defineDomain } from '../domain/define-domain.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { type EditedDomain, editDomainXml } from '../xml/domain-xml.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'
import type { VboxConfiguration } from './vbox-configuration.ts'

/** What VirtualBox can attach, in QEMU's names. */
const FORMATS: readonly DiskFormat[] = ['vdi', 'vmdk', 'vpc']

export interface AllocatedGuest {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
  readonly macAddress: string | undefined
}

interface AllocationOptions extends ResourcesParameters<VboxConfiguration> {
  readonly releases: ReleaseStack
  readonly signal: AbortSignal
}

/**
 * Everything the user wrote is read before anything is made.
 * @throws SeeError as `VboxResources.allocate` does
 */
export async function allocateGuest(options: AllocationOptions): Promise<AllocatedGuest> {
  const { identifier, configuration, folder, logger, releases, signal } = options
  warnOfLegacyName(configuration.name, logger)
  const file = resolve(folder, configuration.domain.configuration)
  const text = readUserXml(file)
  // Environments of VirtualBox share even the image.
  const own = { identifier, macAddress: freshMacAddress(), isUsersOwn: true, network: undefined }
  const edit = (image: string | undefined, owner?: OwnerRecord): EditedDomain => {
    const disk = image === undefined ? undefined : { path: image, format: undefined }
    return rethrowAs('DOMAIN_XML_INVALID', file, () => editDomainXml(text, { ...own, owner, disk }))
  }
  edit(configuration.disk === undefined ? undefined : '')
  const edited = edit(await imageOf(options), await releases.owner())
  signal.throwIfAborted()
  const hypervisor = await openHypervisor(configuration.hypervisor, identifier, releases, signal)
  const domain = await defineDomain(hypervisor, { identifier, file, xml: edited.xml }, releases)
  return { hypervisor, domain, macAddress: edited.macAddress }
}

async function imageOf(options: AllocationOptions): Promise<string | undefined> {
  const { disk } = options.configuration
  if (disk === undefined) return undefined
  const { path: file, format } = await fetchImage(disk, options)
  if (FORMATS.includes(format)) return file
  throw new SeeError(
    'IMAGE_INVALID',
    `${file} is a ${format} image, which VirtualBox cannot attach; convert it: qemu-img convert -O vdi`,
  )
}
