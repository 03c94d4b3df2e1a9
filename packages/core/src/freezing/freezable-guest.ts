import { randomUUID } from 'node:crypto'
import type { Configuration } from '../configuration/configuration.ts'
import type { Logger } from '../common/logger.ts'
import { EmbeddedResources } from '../providers/embedded/embedded.ts'
import { FreezableQemu } from '../providers/libvirt/qemu/freezable-qemu.ts'
import { hypervisorScheme } from '../contract/hypervisor-scheme.ts'
import { qemuSchema } from '../providers/libvirt/qemu/qemu-configuration.ts'
import type { Freezable } from '../templates/freezable.ts'
import { templateError } from '../templates/template-error.ts'

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
  const scheme = hypervisorScheme(source)
  const own = { identifier: randomUUID(), folder: source.folder, logger }
  if (scheme === 'embedded') {
    const configuration = source.parse(EmbeddedResources.schema)
    const sandbox = new EmbeddedResources({ ...own, configuration }, memoryFile)
    return { sandbox, identity: configuration.identity }
  }
  if (scheme === 'qemu' || scheme === undefined) {
    const configuration = source.parse(qemuSchema)
    const sandbox = new FreezableQemu({ ...own, configuration }, memoryFile)
    return { sandbox, identity: configuration.identity }
  }
  const why = `only QEMU's guests can be frozen, and the resources file's hypervisor is of ${scheme}`
  throw templateError('TEMPLATE_BUILD', name, why)
}
