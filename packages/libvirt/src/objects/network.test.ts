import { afterAll, beforeAll, expect, test } from 'vitest'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '../testing/index.ts'

const XML = `<network><name>demo</name><bridge name='demobr'/><ip address='10.9.8.1' netmask='255.255.255.0'/></network>`

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

test('a persistent network goes through its life and reports it', async () => {
  const seen: string[] = []
  await using _ = await hypervisor.on('networkLifecycle', ({ network, type }) =>
    seen.push(`${network.name} ${type}`),
  )
  const network = await hypervisor.networkDefineXML(XML)
  expect(network.name).toBe('demo')
  expect(network.uuid).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
  expect(await network.isActive()).toBe(false)
  await network.create()
  expect(await network.isActive()).toBe(true)
  expect(await network.getBridgeName()).toBe('demobr')
  expect(await network.getXMLDesc()).toContain(network.uuid)
  await network.destroy()
  await network.undefine()
  await expect(hypervisor.networkLookupByName('demo')).rejects.toMatchObject({ code: 'VIR_ERR_NO_NETWORK' })
  await expect.poll(() => seen).toEqual(['demo defined', 'demo started', 'demo stopped', 'demo undefined'])
})

test('a transient network is gone once it is destroyed', async () => {
  const network = await hypervisor.networkCreateXML(XML)
  expect(await network.isActive()).toBe(true)
  await network.destroy()
  await expect(hypervisor.networkLookupByUUID(network.uuid)).rejects.toMatchObject({
    code: 'VIR_ERR_NO_NETWORK',
  })
})
