import { resolve } from 'node:path'
import type { Domain, Hypervisor } from '@see/libvirt'
import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import { SeeError } from '../../../common/errors.ts'
import { evidenceWarning } from '../../../contract/evidence-warning.ts'
import type { Logger } from '../../../common/logger.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type { AllocateOptions, Resources, ResourcesParameters } from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import type { DiskFormat } from '../../../disks/disk-format.ts'
import { fetchImage } from '../../../images/fetched-image.ts'
import { type EditedDomain, editDomainXml } from '../xml/domain-xml.ts'
import { imageSchema } from '../../../images/image.ts'
import { legacyName, warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import { defineDomain } from '../domain/define-domain.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { orInvalid } from '../xml/user-xml.ts'

const path = z.string().min(1)

const schema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  name: legacyName,
  hypervisor: path.default('vbox:///session').describe("libvirt's URI of the hypervisor."),
  domain: z
    .strictObject({ configuration: path.describe("The path of the domain's XML.") })
    .describe('The virtual machine.'),
  disk: z
    .strictObject({ image: imageSchema.describe('The image: a path, or what a provider is to fetch.') })
    .optional()
    .describe(
      "The guest's first disk, a VDI, VMDK or VHD. The guest writes to the image itself: it is not cloned.",
    ),
})

type VboxConfiguration = z.output<typeof schema>

/** What VirtualBox can attach, in QEMU's names. */
const FORMATS: readonly DiskFormat[] = ['vdi', 'vmdk', 'vpc']

interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
}

/**
 * A VirtualBox guest through libvirt, named after the environment. Never tried with VirtualBox itself, only up to the
 * daemon's answer that it has none.
 */
export class VboxResources implements Resources {
  static readonly schema = schema
  readonly storagePool = undefined
  /** The domain's XML says what the guest is on. */
  readonly network = undefined
  /** libvirt's driver answers neither: waiting for an address fails at once, and says so. */
  readonly addressSource = 'lease'
  readonly warnings = [
    evidenceWarning(
      'GUEST_UNWATCHED',
      'an end of the guest that nobody asked for',
      'the ends of VirtualBox guests are not watched',
    ),
  ]
  readonly #identifier: string
  readonly #configuration: VboxConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #macAddress = freshMacAddress()
  readonly #releases = new ReleaseStack()
  #allocated: Allocated | undefined
  #edited: EditedDomain | undefined

  constructor({ identifier, configuration, folder, logger }: ResourcesParameters<VboxConfiguration>) {
    this.#identifier = identifier
    this.#configuration = configuration
    this.#folder = folder
    this.#logger = logger
  }

  get hypervisor(): Hypervisor {
    return this.#resources().hypervisor
  }

  get domain(): Domain {
    return this.#resources().domain
  }

  get macAddress(): string | undefined {
    return this.#edited?.macAddress
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `IMAGE_INVALID`, `IMAGE_REFUSED` or `HYPERVISOR_UNREACHABLE`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    warnOfLegacyName(this.#configuration.name, this.#logger)
    const file = resolve(this.#folder, this.#configuration.domain.configuration)
    const text = readUserXml(file)
    this.#editDomain(file, text, this.#configuration.disk === undefined ? undefined : '')
    const image = await this.#image(signal)
    const edited = this.#editDomain(file, text, image)
    signal.throwIfAborted()
    const hypervisor = await openHypervisor(
      this.#configuration.hypervisor,
      this.#identifier,
      this.#releases,
      signal,
    )
    const definition = { identifier: this.#identifier, file, xml: edited.xml }
    const domain = await defineDomain(hypervisor, definition, this.#releases)
    this.#edited = edited
    this.#allocated = { hypervisor, domain }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(file: string, xml: string, image: string | undefined): EditedDomain {
    const disk = image === undefined ? undefined : { path: image, format: undefined }
    // Environments of VirtualBox share even the image.
    const own = { identifier: this.#identifier, macAddress: this.#macAddress, isUsersOwn: true }
    const edit = { ...own, disk, network: undefined }
    return orInvalid('DOMAIN_XML_INVALID', file, () => editDomainXml(xml, edit))
  }

  async #image(signal: AbortSignal): Promise<string | undefined> {
    const { disk } = this.#configuration
    if (disk === undefined) return undefined
    const options = { folder: this.#folder, logger: this.#logger, signal }
    const { path: file, format } = await fetchImage(disk, options)
    if (FORMATS.includes(format)) return file
    throw new SeeError(
      'IMAGE_INVALID',
      `${file} is a ${format} image, which VirtualBox cannot attach; convert it: qemu-img convert -O vdi`,
    )
  }
}

/** Makes contexts over VirtualBox guests; the configuration is the path of a JSON file or the object itself. */
export function vboxFactory(
  configuration: string | z.input<typeof schema>,
): ContextFactory<SeeContext<VboxResources>> {
  return contextFactory(VboxResources, configuration)
}
