import { randomUUID } from 'node:crypto'
import { Hypervisor } from '@see/libvirt'
import { type PrivateLibvirtd, startPrivateLibvirtd } from '@see/libvirt/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { capturePoint } from './capture-point.ts'

const macAddress = '52:54:00:01:02:03'
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

async function pointOf(devices: string, identifier = randomUUID()) {
  const domain = await hypervisor.domainDefineXML(
    `<domain type="test"><name>${identifier}</name><memory>8192</memory><os><type>hvm</type></os>
      <devices>${devices}</devices></domain>`,
  )
  try {
    return await capturePoint(domain, identifier)
  } finally {
    await domain.undefine()
  }
}

const on = (type: string, source: string) =>
  `<interface type="${type}"><mac address="${macAddress}"/><source ${type}="${source}"/></interface>`

test('before power-on, is the bridge of the network, with the address that tells the guest from others', async () => {
  const network = await hypervisor.networkLookupByName('default')
  expect(await pointOf(on('network', 'default'))).toEqual({
    device: await network.getBridgeName(),
    macAddress,
  })
})

test('is the bridge that the XML names', async () => {
  expect(await pointOf(on('bridge', 'br7'))).toEqual({ device: 'br7', macAddress })
})

test('needs no address on the environment’s own bridge', async () => {
  const identifier = randomUUID()
  const device = `virbr-${identifier.slice(0, 8)}`
  expect(await pointOf(on('bridge', device), identifier)).toEqual({ device })
})

test('is nowhere without an interface, or before a device of its own is made', async () => {
  expect(await pointOf('')).toBeUndefined()
  expect(await pointOf('<interface type="user"/>')).toBeUndefined()
})

test('says when the network is not there', async () => {
  await expect(pointOf(on('network', 'nowhere'))).rejects.toThrow(/nowhere/)
})
