import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import {
  Domain,
  StoragePool,
  type HypervisorEvents,
  type Network,
  type Snapshot,
} from './hypervisor-objects.ts'
import { Hypervisor } from './hypervisor.ts'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '../testing/index.ts'

let daemon: PrivateLibvirtd
let hypervisor: Hypervisor

beforeAll(async () => {
  daemon = await startPrivateLibvirtd({ drivers: [] })
  hypervisor = await Hypervisor.open(daemon.uri)
})

afterAll(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

test('an object leads back to the Hypervisor it came from, in its type too', async () => {
  const domain = await hypervisor.domainLookupByName('test')
  expectTypeOf(domain).toEqualTypeOf<Domain>()
  expect(domain).toBeInstanceOf(Domain)
  expectTypeOf(domain.hypervisor).toEqualTypeOf<Hypervisor>()
  expect(domain.hypervisor).toBe(hypervisor)

  const snapshot = await domain.snapshotCreateXML('<domainsnapshot/>')
  expectTypeOf(snapshot).toEqualTypeOf<Snapshot>()
  expect(snapshot.domain).toBe(domain)

  const pool = await hypervisor.storagePoolLookupByName('default-pool')
  expect(pool).toBeInstanceOf(StoragePool)
  expect(pool.hypervisor).toBe(hypervisor)
  expectTypeOf(pool).toEqualTypeOf<StoragePool>()
  expectTypeOf<Network['hypervisor']>().toEqualTypeOf<Hypervisor>()
})

test('so does the object of an event', async () => {
  const domain = await hypervisor.domainLookupByName('test')
  const seen: HypervisorEvents['domainLifecycle'][] = []
  await using _ = await hypervisor.on('domainLifecycle', (event) => seen.push(event), { domain })
  await domain.suspend()
  await expect.poll(() => seen.length).toBe(1)
  expect(seen[0]?.domain.hypervisor).toBe(hypervisor)
  expectTypeOf<HypervisorEvents['domainLifecycle']['domain']>().toEqualTypeOf<Domain>()
})

test('a class of a user can extend Domain', async () => {
  class Named extends Domain {
    title(): string {
      return `${this.name} on ${this.hypervisor.uri}`
    }
  }
  const { handle } = await hypervisor.domainLookupByName('test')
  expect(new Named(hypervisor, handle).title()).toBe(`test on ${daemon.uri}`)
})
