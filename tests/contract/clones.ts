import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildTemplate, type ContextFactory, createLogger } from '@see/core'
import { type FileProvider, GUEST_MS } from './provider.ts'

/** The same provider, whose guests are clones of a template. */
export async function clonesOf(
  provider: FileProvider,
  factory: (file: string) => ContextFactory,
): Promise<FileProvider> {
  const folder = mkdtempSync(join(tmpdir(), 'see-contract-templates-'))
  chmodSync(folder, 0o755)
  process.env['SEE_TEMPLATES'] = folder
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger('silent'), timeoutMs: GUEST_MS, progress: () => undefined }
  await buildTemplate(provider.resources, 'contract', options)
  const resources = { ...JSON.parse(readFileSync(provider.resources, 'utf8')), template: 'contract' }
  const file = join(dirname(provider.resources), 'clone.json')
  writeFileSync(file, JSON.stringify(resources))
  return {
    ...provider,
    name: `clones, ${provider.name}`,
    resources: file,
    factory: factory(file),
    [Symbol.dispose]: () => {
      provider[Symbol.dispose]()
      rmSync(folder, { recursive: true })
    },
  }
}
