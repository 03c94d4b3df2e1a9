import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Environment, lxcFactory, qemuFactory } from '@see/core'
import { expect, test } from 'vitest'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

/** Where libvirt keeps the state of its networks, each under its name. */
const STATE = '/run/libvirt/network'

/** The same resources on a network of its own. */
function ownNetwork(file: string): string {
  const resources = JSON.parse(readFileSync(file, 'utf8'))
  resources.network.sharing = 'own'
  writeFileSync(file, JSON.stringify(resources))
  return file
}

const stateOf = (identifier: string) => readdirSync(STATE).filter((name) => name.startsWith(identifier))

test('nothing of a network is left in libvirt’s folders: of a guest', async () => {
  const environment = await Environment.allocate(qemuFactory(ownNetwork(tinyGuestResources())))
  await environment.context.poweron()
  expect(stateOf(environment.identifier)).not.toEqual([])
  await environment.deallocate()
  expect(stateOf(environment.identifier)).toEqual([])
})

test('nothing of a network is left in libvirt’s folders: of a container', async () => {
  using container = makeTinyContainer()
  const environment = await Environment.allocate(
    lxcFactory(container.resources({ network: { sharing: 'own' } })),
  )
  await environment.context.poweron()
  expect(stateOf(environment.identifier)).not.toEqual([])
  await environment.deallocate()
  expect(stateOf(environment.identifier)).toEqual([])
})
