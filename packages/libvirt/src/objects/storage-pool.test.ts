import { afterAll, beforeAll, expect, test } from 'vitest'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '../testing/index.ts'

const XML = `<pool type='dir'><name>demo</name><target><path>/demo-pool</path></target></pool>`
const volumeXML = (name: string): string =>
  `<volume><name>${name}</name><capacity unit='MiB'>5</capacity><allocation>0</allocation></volume>`

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

test('a pool goes through its life and reports it', async () => {
  const seen: string[] = []
  await using _ = await hypervisor.on('storagePoolLifecycle', ({ storagePool, type }) =>
    seen.push(`${storagePool.name} ${type}`),
  )
  const pool = await hypervisor.storagePoolDefineXML(XML)
  await pool.build()
  await pool.create()
  expect(await pool.isActive()).toBe(true)
  await pool.refresh()
  expect((await pool.getInfo()).state).toBe('running')
  expect((await pool.getInfo()).capacityBytes).toBeGreaterThan(0)
  expect(await pool.getXMLDesc()).toContain('<path>/demo-pool</path>')
  await pool.destroy()
  await pool.delete()
  await pool.undefine()
  await expect.poll(() => seen).toContain('demo started')
  await expect.poll(() => seen.at(-1)).toBe('demo undefined')
})

test('volumes are made, copied, found and deleted', async () => {
  const pool = await hypervisor.storagePoolCreateXML(XML)
  const volume = await pool.storageVolCreateXML(volumeXML('one'))
  expect(volume).toMatchObject({ name: 'one', pool: 'demo' })
  expect(await volume.getPath()).toBe('/demo-pool/one')
  expect(await volume.getInfo()).toEqual({ type: 'file', capacityBytes: 5 * 1024 * 1024, allocationBytes: 0 })
  expect(await volume.getXMLDesc()).toContain('<name>one</name>')
  await pool.storageVolCreateXMLFrom(volumeXML('two'), volume)
  expect((await pool.listAllVolumes()).map(({ name }) => name).toSorted()).toEqual(['one', 'two'])
  expect((await pool.storageVolLookupByName('one')).equals(volume)).toBe(true)
  expect((await hypervisor.storageVolLookupByPath('/demo-pool/one')).equals(volume)).toBe(true)
  for (const each of await pool.listAllVolumes()) await each.delete()
  expect(await pool.listAllVolumes()).toEqual([])
  await pool.destroy()
})
