import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Hypervisor, type StoragePool } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { serve, startImageServer } from '../../../test-servers/image-server.ts'
import { qemuFactory } from './qemu.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-qemu-'))
chmodSync(folder, 0o755)
const instances = join(folder, 'instances')
const image = join(folder, 'base.qcow2')

const domainXml = `<domain type="qemu">
  <name>mine</name>
  <memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
  <devices>
    <disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="/nowhere"/><target dev="vda" bus="virtio"/></disk>
    <interface type="network"><source network="default"/><model type="virtio"/></interface>
  </devices>
</domain>`

let hypervisor: Hypervisor

beforeAll(async () => {
  mkdirSync(instances)
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '8M'])
  execFileSync('qemu-io', ['-c', 'write -P 0x5e 0 4096', image], { stdio: 'ignore' })
  untouched = imageHash()
  hypervisor = await Hypervisor.open('qemu:///system')
})

afterAll(async () => {
  await hypervisor.close()
  rmSync(folder, { recursive: true })
})

function write(name: string, content: string): string {
  const path = join(folder, `${randomUUID()}-${name}`)
  writeFileSync(path, content)
  return path
}

/** A range that nothing else in the tests uses, with room for four subnets. */
const dynamicAddress = { ipv4: '10.211.0.0', prefix: 22, subnet_prefix: 24 }

function configuration(overrides: Record<string, unknown> = {}) {
  return {
    domain: { configuration: write('domain.xml', domainXml) },
    disk: { image, clone: { storage_pool_path: instances } },
    network: { sharing: 'own' as const, dynamic_address: dynamicAddress },
    ...overrides,
  }
}

/** Allocates an environment that is deallocated when the test ends, also when it fails. */
async function allocate(factory: ReturnType<typeof qemuFactory>, identifier = randomUUID()) {
  const environment = await Environment.allocate(factory, undefined, { identifier })
  onTestFinished(() => environment.deallocate())
  return environment
}

/** What libvirt has of an environment's name; other tests use the same daemon. */
async function madeFor(identifier: string): Promise<string[]> {
  const all = await Promise.all([
    hypervisor.listAllDomains(),
    hypervisor.listAllNetworks(),
    hypervisor.listAllStoragePools(),
  ])
  return all.flat().flatMap(({ name }) => (name.includes(identifier) ? [name] : []))
}

const imageHash = (): string => createHash('sha256').update(readFileSync(image)).digest('hex')
let untouched: string

async function expectNothingLeft(...identifiers: string[]): Promise<void> {
  for (const identifier of identifiers) expect(await madeFor(identifier)).toEqual([])
  expect(readdirSync(instances).filter((name) => identifiers.includes(name))).toEqual([])
  expect(imageHash()).toBe(untouched)
}

const devicesOf = (xml: string) => xml.match(/<(mac|address) [^>]*/g)

const subnetOf = (xml = '') => /ip address=.(10\.211\.\d\.)1/.exec(xml)?.[1]

/** Fetches the clone, which only the daemon may read, into a file of our own. */
async function fetchClone(pool: StoragePool | undefined): Promise<string> {
  const path = join(folder, `${randomUUID()}.qcow2`)
  const volume = await pool?.storageVolLookupByName(`${pool.name}.qcow2`)
  await pipeline((await volume?.download()) ?? [], createWriteStream(path))
  return path
}

function backingFileOf(path: string): string | undefined {
  const info = execFileSync('qemu-img', ['info', '--output=json', path], { encoding: 'utf8' })
  return JSON.parse(info)['backing-filename']
}

describe('an environment', () => {
  test('has a domain, network, pool and disk named after it, and leaves nothing', async () => {
    const identifier = randomUUID()
    const environment = await allocate(qemuFactory(configuration()), identifier)
    const { domain, network, storagePool } = environment.context
    expect([domain.name, domain.uuid]).toEqual([identifier, identifier])
    expect([network?.name, network?.uuid]).toEqual([identifier, identifier])
    expect([storagePool?.name, storagePool?.uuid]).toEqual([identifier, identifier])
    expect(await network?.getBridgeName()).toBe(`virbr-${identifier.slice(0, 8)}`)
    const disk = join(instances, identifier, `${identifier}.qcow2`)
    expect(await domain.getXMLDesc()).toContain(disk)
    expect(await domain.getXMLDesc()).toContain(environment.context.macAddress())
    expect(backingFileOf(await fetchClone(storagePool))).toBe(image)
    await storagePool?.storageVolCreateXML(
      '<volume><name>left-by-a-hook</name><capacity>9</capacity></volume>',
    )
    expect(await madeFor(identifier)).toHaveLength(2)
    await environment.deallocate()
    await environment.deallocate()
    await expectNothingLeft(identifier)
  })

  test('can have its image fetched, once for all that ask', async () => {
    await using server = await startImageServer((request, response) => {
      serve(request, response, readFileSync(image))
    })
    const path = join(folder, 'fetched')
    const fetched = {
      uri: `${server.origin}/base.qcow2`,
      provider: '@see/core#HttpProvider',
      provider_configuration: { path, checksum: `sha256:${untouched}` },
    }
    const disk = { image: fetched, clone: { storage_pool_path: instances } }
    const factory = qemuFactory(configuration({ disk, network: { mode: 'none' } }))
    const both = await Promise.all([allocate(factory), allocate(factory)])
    for (const { context } of both) {
      expect(backingFileOf(await fetchClone(context.storagePool))).toBe(join(path, untouched))
    }
    await Promise.all(both.map((environment) => environment.deallocate()))
    await expectNothingLeft(...both.map(({ identifier }) => identifier))
    expect(server.requests).toHaveLength(1)
  })

  test('can have a copy of the image that needs the image no more', async () => {
    const identifier = randomUUID()
    const disk = { image, clone: { storage_pool_path: instances, copy_on_write: false } }
    const environment = await allocate(qemuFactory(configuration({ disk })), identifier)
    const { storagePool } = environment.context
    const volumes = await storagePool?.listAllVolumes()
    expect(volumes?.map(({ name }) => name)).toEqual([`${identifier}.qcow2`])
    const copy = await fetchClone(storagePool)
    expect(backingFileOf(copy)).toBeUndefined()
    execFileSync('qemu-img', ['compare', '-q', image, copy])
  })

  test('comes and goes while its domain runs, without touching the image', async () => {
    const environment = await allocate(qemuFactory(configuration()))
    await environment.context.poweron()
    await environment.context.pause()
    await environment.deallocate()
    await expectNothingLeft(environment.identifier)
  })

  test('is in libvirt only while it runs, with the same devices each time', async () => {
    const environment = await allocate(qemuFactory(configuration()))
    const { context, identifier } = environment
    const { domain } = context
    const isKnown = async () => (await hypervisor.listAllDomains()).some(({ name }) => name === identifier)
    expect([await isKnown(), await domain.isActive(), await context.state()]).toEqual([
      false,
      false,
      'shutoff',
    ])
    await context.poweron()
    expect([await isKnown(), await domain.isActive(), await context.state()]).toEqual([true, true, 'running'])
    const first = devicesOf(await domain.getXMLDesc())
    expect(first?.length).toBeGreaterThan(1)
    await context.poweroff()
    expect([await isKnown(), await domain.isActive(), await context.state()]).toEqual([
      false,
      false,
      'shutoff',
    ])
    await expect(domain.suspend()).rejects.toMatchObject({ code: 'VIR_ERR_NO_DOMAIN' })
    await context.poweron()
    expect(devicesOf(await domain.getXMLDesc())).toEqual(first)
    await environment.deallocate()
    await expectNothingLeft(identifier)
  })

  test('keeps others from its identifier while it is off', async () => {
    const identifier = randomUUID()
    const environment = await allocate(qemuFactory(configuration()), identifier)
    const withoutNetwork = configuration({ network: { mode: 'none' } })
    const again = Environment.allocate(qemuFactory(withoutNetwork), undefined, { identifier })
    await expect(again).rejects.toMatchObject({ code: 'IDENTIFIER_TAKEN' })
    expect(backingFileOf(await fetchClone(environment.context.storagePool))).toBe(image)
  })

  test('shares no subnet, disk or address with another', async () => {
    const given = configuration()
    const both = await Promise.all([1, 2].map(() => allocate(qemuFactory(given))))
    const [one, other] = await Promise.all(
      both.map(async ({ context }) => await context.network?.getXMLDesc()),
    )
    expect(subnetOf(one)).toMatch(/^10\.211/)
    expect(subnetOf(one)).not.toBe(subnetOf(other))
    expect(both[0]?.context.macAddress()).not.toBe(both[1]?.context.macAddress())
    await Promise.all(both.map((each) => each.deallocate()))
    await expectNothingLeft(...both.map(({ identifier }) => identifier))
  })

  test('can be cut off from everything', async () => {
    const environment = await allocate(qemuFactory(configuration({ network: { mode: 'none' } })))
    expect(await environment.context.domain.getXMLDesc()).not.toContain('<interface')
    expect(environment.context.network).toBeUndefined()
    expect(environment.context.macAddress()).toBeUndefined()
  })

  test('can do without a disk and a network', async () => {
    const xml = domainXml.replaceAll(/<(disk|interface)[^]*<\/\1>/g, '')
    const minimal = { domain: { configuration: write('domain.xml', xml) } }
    const environment = await allocate(qemuFactory(minimal))
    await environment.context.poweron()
    expect(await environment.context.state()).toBe('running')
    expect(environment.context.storagePool).toBeUndefined()
  })
})

const ip = '<ip address="10.211.0.1" prefix="24"/>'
const refusals: [string, () => Record<string, unknown>, string, string | RegExp][] = [
  [
    'a missing domain XML',
    () => ({ domain: { configuration: '/nowhere.xml' } }),
    'FILE_UNREADABLE',
    '/nowhere.xml',
  ],
  [
    'malformed domain XML',
    () => ({ domain: { configuration: write('broken.xml', '<domain>\n<name>\n</domain>') } }),
    'DOMAIN_XML_INVALID',
    /broken\.xml: malformed XML: line 2/,
  ],
  [
    'domain XML that libvirt refuses',
    () => ({ domain: { configuration: write('odd.xml', domainXml.replace('>hvm<', '>nonsense<')) } }),
    'DOMAIN_XML_INVALID',
    /libvirt refuses .*odd\.xml: .*nonsense/,
  ],
  ['a missing image', () => ({ disk: { image: '/nowhere.qcow2' } }), 'IMAGE_INVALID', '/nowhere.qcow2'],
  [
    'an image that is a text',
    () => ({ disk: { image: write('text', 'just text') } }),
    'IMAGE_INVALID',
    'is not a disk image',
  ],
  [
    'a broken image',
    () => ({ disk: { image: write('broken.qcow2', 'QFI\u00fb'), clone: { storage_pool_path: instances } } }),
    'IMAGE_INVALID',
    /broken\.qcow2/,
  ],
  [
    'an image cut short',
    () => {
      const path = join(folder, 'short.qcow2')
      writeFileSync(path, readFileSync(image).subarray(0, 40))
      return { disk: { image: path, clone: { storage_pool_path: instances } } }
    },
    'IMAGE_INVALID',
    /short\.qcow2 is cut short/,
  ],
  [
    'an unknown image provider',
    () => ({ disk: { image: { uri: image, provider: './nowhere.ts#Provider' } } }),
    'HOOK_LOAD',
    'nowhere.ts',
  ],
  [
    'a pool path that is a file',
    () => ({ disk: { image, clone: { storage_pool_path: image } } }),
    'STORAGE_FAILED',
    image,
  ],
  [
    'an address of its own beside a dynamic one',
    () => ({
      network: {
        configuration: write('network.xml', `<network>${ip}</network>`),
        dynamic_address: dynamicAddress,
      },
    }),
    'NETWORK_INVALID',
    /dynamic_address and .*network\.xml, which has an <ip> element: remove one/,
  ],
  [
    'network XML that libvirt refuses',
    () => ({ network: { configuration: write('odd.xml', '<network><forward mode="odd"/></network>') } }),
    'NETWORK_INVALID',
    /odd/,
  ],
  [
    'a mode beside XML',
    () => ({ network: { mode: 'nat', configuration: write('network.xml', '<network/>') } }),
    'NETWORK_INVALID',
    /a mode and an XML file.*remove one/,
  ],
  [
    'a shared network by XML',
    () => ({
      network: { configuration: write('network.xml', `<network>${ip}</network>`), sharing: 'shared' },
    }),
    'NETWORK_INVALID',
    /"shared" and an XML file: remove one/,
  ],
  [
    'a shared network for a guest without one',
    () => ({ network: { mode: 'none', sharing: 'own' } }),
    'NETWORK_INVALID',
    /"sharing" and the mode "none": remove one/,
  ],
  [
    'a shared network in a range within a network of the host',
    () => ({
      network: { sharing: 'shared', dynamic_address: { ipv4: '127.1.0.0', prefix: 16, subnet_prefix: 24 } },
    }),
    'NETWORK_EXHAUSTED',
    /no free \/24 in 127\.1\.0\.0\/16/,
  ],
  [
    'an address for a guest without a network',
    () => ({ network: { mode: 'none', dynamic_address: dynamicAddress } }),
    'NETWORK_INVALID',
    /dynamic_address and the mode "none"/,
  ],
  [
    'a range within a network of the host',
    () => ({
      network: { sharing: 'own', dynamic_address: { ipv4: '127.1.0.0', prefix: 16, subnet_prefix: 24 } },
    }),
    'NETWORK_EXHAUSTED',
    /no free \/24 in 127\.1\.0\.0\/16/,
  ],
  [
    'a daemon that does not run',
    () => ({ hypervisor: 'qemu+unix:///system?socket=/nowhere/libvirt-sock' }),
    'HYPERVISOR_UNREACHABLE',
    '/nowhere/libvirt-sock',
  ],
]

describe('nothing is left after', () => {
  test.each(refusals)('%s', async (_what, overrides, code, message) => {
    const identifier = randomUUID()
    const factory = qemuFactory(configuration(overrides()))
    await expect(Environment.allocate(factory, undefined, { identifier })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    await expectNothingLeft(identifier)
  })

  test('two at a time whose domain XML libvirt refuses', async () => {
    const odd = write('odd.xml', domainXml.replace('>hvm<', '>nonsense<'))
    const factory = qemuFactory(configuration({ domain: { configuration: odd } }))
    const identifiers = [randomUUID(), randomUUID()]
    const both = identifiers.map((identifier) => Environment.allocate(factory, undefined, { identifier }))
    for (const settled of await Promise.allSettled(both)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'DOMAIN_XML_INVALID' } })
    }
    await expectNothingLeft(...identifiers)
  })

  test('a range that other sandboxes have used up', async () => {
    const dynamic_address = { ipv4: '10.212.0.0', prefix: 24, subnet_prefix: 25 }
    const network = { sharing: 'own', dynamic_address }
    const factory = qemuFactory(configuration({ network }))
    const both = await Promise.all([allocate(factory), allocate(factory)])
    await expect(Environment.allocate(factory)).rejects.toMatchObject({ code: 'NETWORK_EXHAUSTED' })
    await Promise.all(both.map((environment) => environment.deallocate()))
  })

  test('an allocation that is aborted at any moment', async () => {
    for (const delayMs of [0, 5, 20, 60, 150, 300]) {
      const identifier = randomUUID()
      const signal = AbortSignal.timeout(delayMs)
      const allocation = Environment.allocate(qemuFactory(configuration()), undefined, { identifier, signal })
      await allocation.then(
        (environment) => environment.deallocate(),
        (error: unknown) => expect(error).toMatchObject({ name: 'TimeoutError' }),
      )
      await expectNothingLeft(identifier)
    }
  })
})

test.each([
  { domain: {} },
  { domain: { configuration: 'x' }, unknown: 1 },
  { domain: { configuration: 'x' }, disk: { image: { provider: 'x' } } },
  {
    domain: { configuration: 'x' },
    network: { dynamic_address: { ipv4: '10.0.0', prefix: 16, subnet_prefix: 24 } },
  },
  {
    domain: { configuration: 'x' },
    network: { dynamic_address: { ipv4: '10.0.0.0', prefix: 24, subnet_prefix: 16 } },
  },
  {
    domain: { configuration: 'x' },
    network: { dynamic_address: { ipv4: '10.0.0.0', prefix: 24, subnet_prefix: 31 } },
  },
])('the configuration %j is refused before anything is looked at', (invalid) => {
  expect(() => qemuFactory(invalid as Parameters<typeof qemuFactory>[0])).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
  )
  expect(existsSync('x')).toBe(false)
})
