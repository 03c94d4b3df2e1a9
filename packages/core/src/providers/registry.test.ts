import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { Configuration } from '../configuration/configuration.ts'
import { noJournal } from '../common/journal.ts'
import { createLogger } from '../common/logger.ts'
import type { Provider } from '../contract/provider.ts'
import { freezableGuest } from '../freezing/freezable-guest.ts'
import { SimulatedResources } from '../testing/simulated-resources.ts'
import { hypervisorScheme, providerOf, registeredProviders, registerProvider } from './registry.ts'

const mine: Provider<typeof SimulatedResources.schema, SimulatedResources> = {
  name: 'mine',
  title: 'My own',
  schemes: ['mine', 'my'],
  uri: 'mine:///',
  resources: SimulatedResources,
  abilities: [],
  recognises: (file) => JSON.stringify(file) === '{"state":"paused"}',
}

const nameOf = (file: object) => providerOf(Configuration.load(file)).name

test('a file is of the provider that has the scheme of its hypervisor, or else that recognises it', () => {
  expect(nameOf({ hypervisor: 'vbox:///session' })).toBe('vbox')
  expect(nameOf({ hypervisor: 'qemu+tcp://host/system' })).toBe('qemu')
  expect(nameOf({ domain: { filesystem: [] } })).toBe('lxc')
  expect(nameOf({ domain: {} })).toBe('qemu')
})

test('every scheme, name and URI is of one provider', () => {
  const all = registeredProviders()
  const schemes = all.flatMap((provider) => provider.schemes)
  expect(new Set(schemes).size).toBe(schemes.length)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  expect(all.map(({ uri }) => nameOf({ hypervisor: uri }))).toEqual(all.map(({ name }) => name))
})

test('a provider that is registered is found, until that is undone', () => {
  const source = Configuration.load({ hypervisor: 'my+tls://host' })
  expect(() => hypervisorScheme(source)).toThrow('no provider has the scheme "my"')
  {
    using registered = registerProvider(mine)
    expect(registered).toBeDefined()
    expect(hypervisorScheme(source)).toBe('my')
    expect(nameOf({ hypervisor: 'mine:///' })).toBe('mine')
    expect(nameOf({ state: 'paused' })).toBe('mine')
    expect(() => nameOf({ hypervisor: 'mime:///' })).toThrow(/did you mean "mine"\?.* mine:\/\/\//)
  }
  expect(() => nameOf({ hypervisor: 'mine:///' })).toThrow('no provider has the scheme "mine"')
})

test.each([{ name: 'qemu' }, { schemes: ['mine', 'embedded'] }])(
  'what another provider has cannot be registered: %j',
  (other) => {
    expect(() => registerProvider({ ...mine, ...other })).toThrow(TypeError)
    expect(registeredProviders()).toHaveLength(4)
  },
)

test('a provider without templates is refused, with those that have them', async () => {
  const source = Configuration.load({ hypervisor: 'lxc:///' })
  const own = { identifier: randomUUID(), logger: createLogger('silent'), journal: noJournal }
  await expect(freezableGuest(source, 'a', '/b', own)).rejects.toMatchObject({
    code: 'TEMPLATE_BUILD',
    message: expect.stringMatching(
      /only guests of embedded:.* and qemu:.* can be frozen, .*hypervisor is of lxc/,
    ),
  })
})
