import { access, constants, stat } from 'node:fs/promises'
import { messageOf, SeeError } from '../../common/errors.ts'
import type { ResourcesParameters } from '../../contract/resources.ts'
import { TemplateClone } from '../../templates/template-clone.ts'
import { kindOf } from '../../disks/image-file.ts'
import type { DiskImage } from '../../disks/disk-image.ts'
import { fetchImage } from '../../images/fetched-image.ts'
import type { EmbeddedConfiguration } from './configuration/configuration.ts'

/** What a guest is made from. */
export interface GuestInputs {
  /** What its disk is made from; undefined for a guest without a disk. */
  readonly image: DiskImage | undefined
  /** Undefined for a guest that boots. */
  readonly clone: TemplateClone | undefined
  /** The user's files among it: image, kernel and initial RAM disk. */
  readonly files: readonly string[]
}

type Options = Pick<ResourcesParameters<EmbeddedConfiguration>, 'configuration' | 'folder' | 'logger'> & {
  readonly signal: AbortSignal
  /** Whether the guest will be frozen into a template. */
  readonly becomesTemplate: boolean
}

/**
 * Checks everything that a guest is made from, and fetches its image.
 * @throws SeeError `FILE_UNREADABLE`, `IMAGE_INVALID`, `IMAGE_REFUSED`, `TEMPLATE_MISSING`, `TEMPLATE_INVALID`, or as image providers do
 */
export async function guestInputs(options: Options): Promise<GuestInputs> {
  const { machine, disk, template } = options.configuration
  for (const file of [machine.kernel, machine.initrd]) if (file !== undefined) await assertReadable(file)
  const own = disk === undefined ? undefined : await fetchImage(disk, options)
  const files = [own?.path, machine.kernel, machine.initrd].filter((each) => each !== undefined)
  const { memory, accelerator, cpu } = machine
  const known = {
    provider: 'embedded',
    machine: machine.machine,
    memory_mib: memory,
    accelerator,
    cpu,
  } as const
  const isClone = template !== undefined && !options.becomesTemplate
  const clone = isClone ? await TemplateClone.open(template, files, known) : undefined
  return { image: clone?.disk ?? own, clone, files }
}

async function assertReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK)
    const kind = kindOf(await stat(file))
    // QEMU would wait for a writer of a pipe.
    if (kind !== undefined) throw new Error(`it is a ${kind}`)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
