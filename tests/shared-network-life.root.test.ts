import { randomUUID } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { Environment, lxcFactory } from '@see/core'
import { Hypervisor, timeoutSignal } from '@see/libvirt'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { asLibvirtUser } from './support/as-libvirt-user.ts'
import { run } from './support/network-namespace.ts'
import { OtherProcess } from './support/other-process.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

// How long a shared network is there: each test has one of its own, by its range.

// Other processes are started, and networks made one at a time on the whole host.
vi.setConfig({ testTimeout: 60_000 })
const tiny = makeTinyContainer()
let hypervisor: Hypervisor

beforeAll(async () => {
  hypervisor = await Hypervisor.open('lxc:///')
})

afterAll(async () => {
  await hypervisor.close()
  tiny[Symbol.dispose]()
})

let count = 0

function configurationOfOneNetwork() {
  const dynamic_address = { ipv4: `10.218.${count++}.0`, prefix: 24, subnet_prefix: 24 }
  return tiny.resources({ network: { sharing: 'shared', dynamic_address } })
}

async function allocate(configuration: ReturnType<typeof configurationOfOneNetwork>) {
  const environment = await Environment.allocate(lxcFactory(configuration))
  onTestFinished(() => environment.deallocate())
  const name = environment.context.network?.name ?? ''
  expect(name).toMatch(/^see-nat-no-lan-[0-9a-f]{8}$/)
  return { environment, name }
}

/** Where there is something of a network. */
async function placesOf(name: string): Promise<string[]> {
  const networks = await hypervisor.listAllNetworks()
  const files = ['/run/libvirt/network', '/var/lib/libvirt/dnsmasq', '/run/see/networks']
  return [
    ...networks.filter((network) => network.name === name).map(() => 'libvirt'),
    ...(run('nft', 'list', 'tables').includes(name) ? ['nft'] : []),
    ...files.filter(
      (folder) => existsSync(folder) && readdirSync(folder).some((file) => file.startsWith(name)),
    ),
  ]
}

async function isThere(identifier: string): Promise<boolean> {
  return (await hypervisor.listAllDomains()).some(({ name }) => name === identifier)
}

/** Makes a container like it that does not say whose it is: one that does goes with its owner. @returns what ends it */
async function makeUnowned(xml: string): Promise<() => Promise<void>> {
  const name = randomUUID()
  const unowned = xml
    .replace(/<metadata>.*<\/metadata>/s, '')
    .replace(/<uuid>.*?<\/uuid>/, '')
    .replace(/<name>.*?<\/name>/, `<name>${name}</name>`)
  const domain = await hypervisor.domainCreateXML(unowned)
  const end = async () => {
    await domain.destroy().catch(() => undefined)
    // libvirt leaves these of every container.
    for (const kind of ['dev', 'devpts', 'fuse', 'sock'])
      rmSync(`/run/libvirt/lxc/${name}.${kind}`, { recursive: true, force: true })
  }
  onTestFinished(end)
  return end
}

/** Takes the lock under which a killed process's environment is undone. @returns what gives it back */
async function holdLedger(identifier: string): Promise<() => Promise<void>> {
  const ledger = `/var/lib/see/ledger/${identifier}.jsonl`
  const holder = spawn('flock', ['--no-fork', ledger, 'cat'], { stdio: 'pipe' })
  onTestFinished(() => void holder.kill('SIGKILL'))
  holder.stdin.write('held')
  await once(holder.stdout, 'data')
  return async () => {
    holder.stdin.end()
    await once(holder, 'exit')
  }
}

/** The folder of all of them is there only as long as one is. */
const isFolderEmpty = () => existsSync('/run/see/networks') && readdirSync('/run/see/networks').length === 0

const everywhere = ['libvirt', 'nft', '/run/libvirt/network', '/var/lib/libvirt/dnsmasq', '/run/see/networks']

test('is there from the first of its environments to the last, whatever their order', async () => {
  const configuration = configurationOfOneNetwork()
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => allocate(configuration)))
  const [first, ...others] = all
  const name = first?.name ?? ''
  expect(new Set(all.map((each) => each.name)).size).toBe(1)
  expect(new Set(all.map(({ environment }) => environment.context.macAddress())).size).toBe(5)
  await Promise.all(others.map(({ environment }) => environment.deallocate()))
  expect(await placesOf(name)).toEqual(everywhere)
  await first?.environment.deallocate()
  expect(await placesOf(name)).toEqual([])
  await expect.poll(isFolderEmpty).toBe(false)
})

test('is one for several processes, of which the last removes it', async () => {
  const configuration = configurationOfOneNetwork()
  const other = await OtherProcess.start(configuration)
  onTestFinished(() => other[Symbol.asyncDispose]())
  const { environment, name } = await allocate(configuration)
  await environment.deallocate()
  expect(await placesOf(name)).toEqual(everywhere)
  const again = await allocate(configuration)
  await other[Symbol.asyncDispose]()
  expect(await placesOf(name)).toEqual(everywhere)
  await again.environment.deallocate()
  expect(await placesOf(name)).toEqual([])
})

test('is made and removed by processes at the same time', async () => {
  const configuration = configurationOfOneNetwork()
  const cycle = async () => {
    const { environment, name } = await allocate(configuration)
    await environment.deallocate()
    return name
  }
  const others = async () => {
    for (let index = 0; index < 3; index++)
      await (await OtherProcess.start(configuration))[Symbol.asyncDispose]()
  }
  const [name] = await Promise.all([cycle(), others(), others()])
  expect(await placesOf(name)).toEqual([])
})

test('of a process that was killed is swept away by the next', async () => {
  const configuration = configurationOfOneNetwork()
  const other = await OtherProcess.start(configuration)
  await other.kill()
  const { environment: unlike } = await allocate(configurationOfOneNetwork())
  const networks = await hypervisor.listAllNetworks()
  const { environment, name } = await allocate(configuration)
  expect(networks.map((network) => network.name)).not.toContain(name)
  await environment.deallocate()
  await unlike.deallocate()
  expect(await placesOf(name)).toEqual([])
})

test('stays while a guest runs on it whose process is gone', async () => {
  const configuration = configurationOfOneNetwork()
  const other = await OtherProcess.start(configuration, { power: true })
  onTestFinished(() => other[Symbol.asyncDispose]())
  const xml = await (await hypervisor.domainLookupByUUID(other.identifier)).getXMLDesc()
  // Its device is removed once what it left can be undone.
  const release = await holdLedger(other.identifier)
  await other.kill()
  // libvirt ends it with the connection of its process: this one has its device.
  await expect.poll(() => isThere(other.identifier)).toBe(false)
  const end = await makeUnowned(xml)
  const { environment, name } = await allocate(configuration)
  await environment.deallocate()
  expect(await placesOf(name)).toEqual(everywhere)
  await end()
  await release()
  await expect.poll(() => placesOf(name), { timeout: 40_000 }).toEqual([])
})

test('has nothing left of an allocation that is aborted at any moment', async () => {
  const configuration = configurationOfOneNetwork()
  const { environment, name } = await allocate(configuration)
  await environment.deallocate()
  for (const delayMs of [0, 10, 50, 100, 200, 300, 400]) {
    await Environment.allocate(lxcFactory(configuration), undefined, { signal: timeoutSignal(delayMs) }).then(
      (allocated) => allocated.deallocate(),
      (error: unknown) => expect(error).toMatchObject({ name: 'TimeoutError' }),
    )
    expect(await placesOf(name)).toEqual([])
  }
})

test('is followed by a further one when all its places are taken, as long as there is room', async () => {
  const dynamic_address = { ipv4: '10.218.200.0', prefix: 28, subnet_prefix: 29 }
  const configuration = tiny.resources({ network: { sharing: 'shared', dynamic_address } })
  const first = await Promise.all(Array.from({ length: 5 }, () => allocate(configuration)))
  const name = first[0]?.name ?? ''
  const further = await Promise.all(
    Array.from({ length: 5 }, () => Environment.allocate(lxcFactory(configuration))),
  )
  onTestFinished(() => Promise.all(further.map((each) => each.deallocate())).then(() => undefined))
  expect(new Set(further.map(({ context }) => context.network?.name))).toEqual(new Set([`${name}-2`]))
  await expect(Environment.allocate(lxcFactory(configuration))).rejects.toMatchObject({
    code: 'NETWORK_EXHAUSTED',
    message: expect.stringContaining('no free /29'),
  })
  await Promise.all(
    [...first.map(({ environment }) => environment), ...further].map((each) => each.deallocate()),
  )
  expect(await placesOf(name)).toEqual([])
})

test('has a place whose last guest’s lease is there taken last', async () => {
  const dynamic_address = { ipv4: '10.218.201.0', prefix: 29, subnet_prefix: 29 }
  const configuration = tiny.resources({ network: { sharing: 'shared', dynamic_address } })
  // So that the network stays.
  await allocate(configuration)
  const addresses: (string | undefined)[] = []
  for (let round = 0; round < 5; round++) {
    const { environment } = await allocate(configuration)
    expect(await environment.context.ip4Address()).toBeUndefined()
    addresses.push(environment.context.macAddress())
    await environment.context.poweron()
    if (round < 4) await environment.context.waitForIp4Address({ timeoutMs: 20_000 })
    await environment.deallocate()
  }
  expect(new Set(addresses.slice(0, 4)).size).toBe(4)
  expect(addresses.slice(0, 4)).toContain(addresses[4])
})

test('is not for those who cannot keep guests apart', async () => {
  const demanded = lxcFactory(tiny.resources({ network: { sharing: 'shared' } }))
  await expect(asLibvirtUser(() => Environment.allocate(demanded))).rejects.toMatchObject({
    code: 'NETWORK_INVALID',
    message: expect.stringContaining('remove "sharing"'),
  })
})
