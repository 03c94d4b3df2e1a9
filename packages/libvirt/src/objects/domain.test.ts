import { readdirSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DomainUndefineFlags, DomainXMLFlags } from '../protocol/flags.ts'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '../testing/index.ts'
import type { Domain } from './domain.ts'

const PNG = Buffer.from('89504e470d0a1a0a', 'hex')
const XML = `<domain type='test'><name>demo</name><memory>8192</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>`

let daemon: PrivateLibvirtd
let hypervisor: Hypervisor
let domain: Domain

beforeAll(async () => {
  daemon = await startPrivateLibvirtd()
  hypervisor = await Hypervisor.open(daemon.uri)
})

afterAll(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

beforeEach(async () => {
  domain = await hypervisor.domainDefineXML(XML)
})

afterEach(async () => {
  if (await domain.isActive()) await domain.destroy()
  await domain.undefine({ flags: DomainUndefineFlags.snapshotsMetadata })
})

const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length

async function startTwice(target: Domain): Promise<void> {
  await target.create()
  await target.create()
}

test('goes through its life', async () => {
  const state = async (): Promise<string> => (await domain.getState()).state
  expect(await domain.isActive()).toBe(false)
  expect(domain.id).toBe(-1)
  expect(await state()).toBe('shutoff')
  await domain.create()
  expect(domain.id).toBeGreaterThan(0)
  expect(await state()).toBe('running')
  await domain.suspend()
  expect(await domain.getState()).toEqual({ state: 'paused', reason: 1 })
  await domain.resume()
  expect(await state()).toBe('running')
  await domain.shutdown()
  expect(await state()).toBe('shutoff')
  await domain.create()
  await domain.destroy()
  expect(await domain.getState()).toEqual({ state: 'shutoff', reason: 2 })
})

test('returns its XML and its sizes', async () => {
  expect(await domain.getXMLDesc({ flags: DomainXMLFlags.inactive })).toContain('<name>demo</name>')
  await domain.create()
  expect(await domain.getInfo()).toMatchObject({ state: 'running', maxMemKiB: 8192, nrVirtCpu: 2 })
})

test('its lifecycle is reported as it happens', async () => {
  const seen: string[] = []
  await using _ = await hypervisor.on(
    'domainLifecycle',
    (event) => seen.push(`${event.domain.name} ${event.type}`),
    {
      domain,
    },
  )
  await domain.create()
  await expect.poll(() => seen).toEqual(['demo started'])
  await domain.suspend()
  await domain.resume()
  await domain.destroy()
  await expect.poll(() => seen).toEqual(['demo started', 'demo suspended', 'demo resumed', 'demo stopped'])
})

test('a transient domain is gone once it stops', async () => {
  const transient = await hypervisor.domainCreateXML(XML.replace('demo', 'transient'))
  expect((await hypervisor.listAllDomains()).some((each) => each.equals(transient))).toBe(true)
  await transient.destroy()
  await expect(hypervisor.domainLookupByName('transient')).rejects.toMatchObject({
    code: 'VIR_ERR_NO_DOMAIN',
  })
})

test("an error's stack names the code that made the call", async () => {
  await expect(startTwice(domain)).rejects.toHaveProperty('stack', expect.stringContaining('startTwice'))
})

describe('screenshot', () => {
  test('is a picture', async () => {
    await domain.create()
    const { mimeType, data } = await domain.screenshot()
    const bytes = await buffer(data)
    expect(mimeType).toBe('image/png')
    expect(bytes.subarray(0, 8).equals(PNG)).toBe(true)
    expect(bytes.subarray(-8, -4).toString()).toBe('IEND')
  })

  test('twenty of them, whole, cut short or forgotten at the first byte, leave no descriptor in the daemon', async () => {
    await domain.create()
    const before = descriptors()
    for (let i = 0; i < 20; i++) {
      const { data } = await domain.screenshot()
      if (i % 3 === 0) data.destroy()
      else await buffer(data)
    }
    await expect.poll(descriptors).toBeLessThanOrEqual(before)
  })
})

describe('snapshots', () => {
  test('are made, found, reverted to and deleted', async () => {
    await domain.create()
    const snapshot = await domain.snapshotCreateXML('<domainsnapshot><name>clean</name></domainsnapshot>')
    expect(snapshot.name).toBe('clean')
    expect(await snapshot.getXMLDesc()).toContain('<state>running</state>')
    expect((await domain.snapshotLookupByName('clean')).equals(snapshot)).toBe(true)
    await domain.destroy()
    await snapshot.revert()
    expect((await domain.getState()).state).toBe('running')
    await snapshot.delete()
    expect(await domain.listAllSnapshots()).toEqual([])
    await expect(domain.snapshotLookupByName('clean')).rejects.toMatchObject({
      code: 'VIR_ERR_NO_DOMAIN_SNAPSHOT',
    })
  })
})

test('addresses of its interfaces', async () => {
  const mock = await hypervisor.domainLookupByName('test')
  const [first] = await mock.interfaceAddresses('lease')
  expect(first).toEqual({
    name: 'testnet0',
    hwaddr: 'aa:bb:cc:dd:ee:ff',
    addrs: [{ type: 'ipv4', addr: '192.168.122.3', prefix: 24 }],
  })
})

test('writes its memory to a file of the daemon', async () => {
  await domain.create()
  const path = `${daemon.folder}/home/core`
  await domain.coreDump(path)
  expect(readdirSync(`${daemon.folder}/home`)).toContain('core')
})
