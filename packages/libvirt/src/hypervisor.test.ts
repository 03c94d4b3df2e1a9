import { afterAll, beforeAll, expect, test } from 'vitest'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from './testing/index.ts'

let daemon: PrivateLibvirtd
let hypervisor: Hypervisor

beforeAll(async () => {
  daemon = await startPrivateLibvirtd()
  hypervisor = await Hypervisor.open(daemon.uri)
})

afterAll(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

test('says what it is', async () => {
  expect(hypervisor.uri).toBe(daemon.uri)
  expect(await hypervisor.getType()).toBe('TEST')
  expect((await hypervisor.getLibVersion()).major).toBeGreaterThanOrEqual(9)
  // The mock hypervisor's version is always 2.
  expect(await hypervisor.getVersion()).toEqual({ major: 0, minor: 0, release: 2 })
  expect(await hypervisor.getHostname()).not.toBe('')
  expect(await hypervisor.getCapabilities()).toContain('<capabilities>')
})

test('finds objects by name and by UUID, and the same one is equal', async () => {
  const domain = await hypervisor.domainLookupByName('test')
  expect((await hypervisor.domainLookupByUUID(domain.uuid)).equals(domain)).toBe(true)
  expect((await hypervisor.listAllDomains()).map(({ name }) => name)).toEqual(['test'])

  const network = await hypervisor.networkLookupByName('default')
  expect((await hypervisor.networkLookupByUUID(network.uuid)).equals(network)).toBe(true)
  expect((await hypervisor.listAllNetworks()).map(({ name }) => name)).toEqual(['default'])

  const pool = await hypervisor.storagePoolLookupByName('default-pool')
  expect((await hypervisor.storagePoolLookupByUUID(pool.uuid)).equals(pool)).toBe(true)
  expect((await hypervisor.listAllStoragePools()).map(({ name }) => name)).toEqual(['default-pool'])
})

test.each([
  ['domain', () => hypervisor.domainLookupByName('none'), 'VIR_ERR_NO_DOMAIN', 'VIR_FROM_TEST'],
  ['network', () => hypervisor.networkLookupByName('none'), 'VIR_ERR_NO_NETWORK', 'VIR_FROM_TEST'],
  ['pool', () => hypervisor.storagePoolLookupByName('none'), 'VIR_ERR_NO_STORAGE_POOL', 'VIR_FROM_TEST'],
  ['volume', () => hypervisor.storageVolLookupByPath('/none'), 'VIR_ERR_NO_STORAGE_VOL', 'VIR_FROM_TEST'],
  ['XML', () => hypervisor.domainDefineXML('<domain'), 'VIR_ERR_XML_DETAIL', 'VIR_FROM_DOMAIN'],
])('an error about a %s has its names', async (_, call, code, domain) => {
  await expect(call()).rejects.toMatchObject({ name: 'LibvirtError', code, domain })
})

test('of forty concurrent errors each caller gets its own', async () => {
  const pool = await hypervisor.storagePoolLookupByName('default-pool')
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => pool.storageVolLookupByName(`nobody-${i}`)),
  )
  const messages = outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : ''))
  messages.forEach((message, i) => expect(message).toContain(`'nobody-${i}'`))
})

test('any procedure can be called by its name', async () => {
  const { num } = await hypervisor.call('CONNECT_NUM_OF_DOMAINS', undefined)
  expect(num).toBe(1)
  const info = await hypervisor.call('NODE_GET_INFO', undefined)
  expect(String.fromCharCode(...info.model).replaceAll('\0', '')).toBe('i686')
})

test('a driver that the daemon does not have is an error of the daemon', async () => {
  await expect(Hypervisor.open(daemon.uriOf('vbox', '/session'))).rejects.toMatchObject({
    name: 'LibvirtError',
  })
})
