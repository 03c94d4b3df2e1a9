import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Configuration } from '../configuration.ts'
import type { Logger } from '../logger.ts'
import { EmbeddedResources } from '../resources/embedded/embedded.ts'
import { FreezableQemu } from '../resources/libvirt-template/freezable-qemu.ts'
import { qemuSchema } from '../resources/qemu-configuration.ts'
import type { Freezable } from './freezable.ts'
import { templateError } from './template-error.ts'

const telling = z.object({ hypervisor: z.string().default('qemu:///system') })

export interface FreezableGuest {
  readonly sandbox: Freezable
  /** Whether its clones are to be told who they are. */
  readonly identity: boolean
}

/**
 * The guest of a resources file, of whichever provider can freeze it.
 * @param memoryFile what its memory is to be in
 * @throws SeeError `CONFIGURATION_INVALID`, or `TEMPLATE_BUILD` when its provider has no templates
 */
export function freezableGuest(
  source: Configuration,
  name: string,
  memoryFile: string,
  logger: Logger,
): FreezableGuest {
  const { hypervisor } = source.parse(telling)
  const own = { identifier: randomUUID(), folder: source.folder, logger }
  if (/^embedded\b/.test(hypervisor)) {
    const configuration = source.parse(EmbeddedResources.schema)
    const sandbox = new EmbeddedResources({ ...own, configuration }, memoryFile)
    return { sandbox, identity: configuration.identity }
  }
  if (/^qemu\b/.test(hypervisor)) {
    const configuration = source.parse(qemuSchema)
    const sandbox = new FreezableQemu({ ...own, configuration }, memoryFile)
    return { sandbox, identity: configuration.identity }
  }
  const why = `only QEMU's guests can be frozen, and the resources file's hypervisor is ${hypervisor}`
  throw templateError('TEMPLATE_BUILD', name, why)
}
