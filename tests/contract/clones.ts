import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildTemplate, type ContextFactory, createLogger } from '@see/core'
import { sharedTemplate } from '../support/shared-template.ts'
import { type FileProvider, GUEST_MS } from './provider.ts'

type Factory = (file: string) => ContextFactory

/** The same provider, whose guests are clones of a template that is built from its own file. */
export async function clonesOf(provider: FileProvider, factory: Factory): Promise<FileProvider> {
  const folder = mkdtempSync(join(tmpdir(), 'see-contract-templates-'))
  chmodSync(folder, 0o755)
  process.env['SEE_TEMPLATES'] = folder
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger('silent'), timeoutMs: GUEST_MS, progress: () => undefined }
  await buildTemplate(provider.resources, 'contract', options)
  return {
    ...clones(provider, factory, 'contract'),
    [Symbol.dispose]: () => {
      provider[Symbol.dispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The same, of the template that is built once for a run: the provider's guest is the tiny guest as it is. */
export async function sharedClonesOf(
  provider: FileProvider,
  factory: Factory,
  template: Parameters<typeof sharedTemplate>[0],
): Promise<FileProvider> {
  await sharedTemplate(template)
  return clones(provider, factory, template)
}

function clones(provider: FileProvider, factory: Factory, template: string): FileProvider {
  const resources = { ...JSON.parse(readFileSync(provider.resources, 'utf8')), template }
  const file = join(dirname(provider.resources), 'clone.json')
  writeFileSync(file, JSON.stringify(resources))
  return { ...provider, name: `clones, ${provider.name}`, resources: file, factory: factory(file) }
}
