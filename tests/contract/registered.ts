import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Configuration, providerOf } from '@see/core'
import { endsContract } from './ends.ts'
import { lifeContract } from './life.ts'
import { poolContract } from './pool.ts'
import type { FileProvider, Provider } from './provider.ts'
import { unaskedContract } from './unasked.ts'
import { waitsContract } from './waits.ts'

/** What the contract cannot know of a provider. */
export interface ProviderDescription extends Pick<Provider, 'guest' | 'leftOf'> {
  /** A resources file of its. */
  readonly resources: object
}

/** A provider of the list, as its resources file leads to it. */
export function registered({ resources, guest, leftOf }: ProviderDescription): FileProvider {
  const folder = mkdtempSync(join(tmpdir(), 'see-contract-'))
  const file = join(folder, 'resources.json')
  writeFileSync(file, JSON.stringify(resources))
  const provider = providerOf(Configuration.load(file))
  return {
    name: provider.title,
    resources: file,
    factory: provider.contexts(file),
    abilities: new Set(provider.abilities),
    guest,
    leftOf,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

/** All that every provider's sandboxes have to do. */
export function providerContract(provider: Provider): void {
  lifeContract(provider)
  endsContract(provider)
  unaskedContract(provider)
  waitsContract(provider)
  poolContract(provider)
}
