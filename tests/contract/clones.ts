import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ContextFactory } from '@see/core'
import { sharedTemplate } from '../support/shared-template.ts'
import type { FileProvider } from './provider.ts'

/** The same provider, whose guests are clones of the template that is built of it once for a run. */
export async function clonesOf(
  provider: FileProvider,
  factory: (file: string) => ContextFactory,
  template: Parameters<typeof sharedTemplate>[0],
): Promise<FileProvider> {
  await sharedTemplate(template)
  const resources = { ...JSON.parse(readFileSync(provider.resources, 'utf8')), template }
  const file = join(dirname(provider.resources), 'clone.json')
  writeFileSync(file, JSON.stringify(resources))
  return { ...provider, name: `clones, ${provider.name}`, resources: file, factory: factory(file) }
}
