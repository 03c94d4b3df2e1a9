import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '../testing/index.ts'

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

/** As the kernel counts them on the daemon's side, but for the socket that listens. */
const connections = (): number =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.endsWith(` ${daemon.socketPath}`)).length - 1

const openShared = (): Promise<Hypervisor> => Hypervisor.open(daemon.uri, { shared: true })

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
    Array.from({ length: 40 }, (_, i) => pool.storageVolLookupByName(`missing-${i}`)),
  )
  const messages = outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : ''))
  messages.forEach((message, i) => expect(message).toContain(`'missing-${i}'`))
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

describe('shared', () => {
  test('is one connection as long as it has a user, and as many as the pending calls need', async () => {
    await expect.poll(connections).toBe(1)
    const all = await Promise.all(Array.from({ length: 10 }, openShared))
    expect(connections()).toBe(2)
    const domains = await Promise.all(all.map((each) => each.domainLookupByName('test')))
    expect(new Set(domains.map(({ uuid }) => uuid)).size).toBe(1)
    const lists = await Promise.all(all.flatMap((each) => [each.listAllDomains(), each.listAllNetworks()]))
    expect(lists.map(([one]) => one?.name)).toEqual(all.flatMap(() => ['test', 'default']))
    const [last, ...rest] = all
    for (const each of rest) await each.close()
    expect(connections()).toBeGreaterThan(1)
    expect(await last?.getType()).toBe('TEST')
    await last?.close()
    await expect.poll(connections).toBe(1)
  })

  test('reports to each user the events that it subscribed to', async () => {
    await using a = await openShared()
    await using b = await openShared()
    const seen: string[] = []
    await a.on('domainLifecycle', ({ type }) => seen.push(`a ${type}`))
    await b.on('domainLifecycle', ({ type }) => seen.push(`b ${type}`))
    const domain = await a.domainLookupByName('test')
    await domain.suspend()
    await expect.poll(() => seen.toSorted()).toEqual(['a suspended', 'b suspended'])
    await b.close()
    await domain.resume()
    await expect.poll(() => seen.slice(2)).toEqual(['a resumed'])
  })
})
