import { join, resolve } from 'node:path'
import { Configuration } from '../configuration/configuration.ts'
import { templateFiles } from '../templates/template-files.ts'
import type { Template } from '../templates/template.ts'
import { type TemplateBuilder, TemplateStore } from '../templates/template-store.ts'
import type { BuildTemplateOptions } from './build-template-options.ts'

/**
 * Boots the guest of a resources file once and freezes it, with memory, devices and disk, under a name.
 * @throws SeeError `TEMPLATE_BUILD`, `TEMPLATE_IDENTITY`, `TEMPLATE_IN_USE`, `DISK_FULL`, or as `poweron` does
 */
export async function buildTemplate(
  resources: string,
  name: string,
  options: BuildTemplateOptions,
): Promise<Template> {
  const source = Configuration.load(resources)
  const builder: TemplateBuilder = async (folder, ledger) => {
    const { bootAndFreeze } = await import('./boot-and-freeze.ts')
    const { freezableGuest } = await import('./freezable-guest.ts')
    const own = { identifier: ledger.identifier, logger: options.logger, journal: ledger }
    const guest = await freezableGuest(source, name, join(folder, templateFiles.memory), own)
    await bootAndFreeze(folder, guest, { name, resources: resolve(resources) }, options)
  }
  const { keepFromNowOn } = await import('../reaper/keeper.ts')
  keepFromNowOn()
  return await new TemplateStore().build(name, builder, options.signal)
}
