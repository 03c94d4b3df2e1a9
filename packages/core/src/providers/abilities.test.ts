import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { noJournal } from '../common/journal.ts'
import { createLogger } from '../common/logger.ts'
import { abilities } from '../contract/abilities.ts'
import type { Provider } from '../contract/provider.ts'
import type { Resources } from '../contract/resources.ts'
import { simulatedProvider } from '../testing/simulated-provider.ts'
import { embeddedProvider } from './embedded/provider.ts'
import { lxcProvider } from './libvirt/lxc/provider.ts'
import { qemuProvider } from './libvirt/qemu/provider.ts'
import { vboxProvider } from './libvirt/vbox/provider.ts'
import { registeredProviders } from './registry.ts'

/** What the resources of a provider have, which nothing was allocated for. */
function abilitiesIn<Schema extends z.ZodType, R extends Resources, Frozen extends Resources>(
  { name, resources: Class, abilities: declared }: Provider<Schema, R, Frozen>,
  configuration: unknown,
) {
  const parameters = {
    identifier: randomUUID(),
    folder: '/',
    logger: createLogger('silent'),
    journal: noJournal,
  }
  const resources = new Class({ ...parameters, configuration: Class.schema.parse(configuration) })
  return { name, declared, found: abilities.filter((ability) => resources.abilities[ability] !== undefined) }
}

const domain = { configuration: 'domain.xml' }
const all = [
  abilitiesIn(embeddedProvider, { machine: { kernel: 'vmlinuz' } }),
  abilitiesIn(qemuProvider, { domain }),
  abilitiesIn(lxcProvider, { domain }),
  abilitiesIn(vboxProvider, { domain }),
]

test('every provider of the list is looked at', () => {
  expect(all.map(({ name }) => name)).toEqual(registeredProviders().map(({ name }) => name))
})

test.each([...all, abilitiesIn(simulatedProvider, {})])(
  'sandboxes of $name can do what their provider declares, and nothing else',
  ({ declared, found }) => {
    expect(found).toEqual(declared)
  },
)
