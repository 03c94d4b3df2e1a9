// What the mock hypervisor cannot show, on the machine's own daemon: QEMU, LXC and real storage.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DomainCreateFlags, StoragePoolCreateFlags } from '../protocol/flags.ts'
import { Hypervisor } from './hypervisor.ts'

const id = randomUUID()
const name = `see-libvirt-test-${id}`
const domainXML = `<domain type='qemu'><name>${name}</name><uuid>${id}</uuid><memory unit='MiB'>32</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <serial type='pty'/><console type='pty'/><graphics type='vnc'/><video><model type='vga'/></video>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  </devices></domain>`

let hypervisor: Hypervisor

beforeAll(async () => {
  hypervisor = await Hypervisor.open('qemu:///system')
})

afterAll(async () => {
  await hypervisor.close()
})

describe('a QEMU domain', () => {
  test('is defined and undefined', async () => {
    const domain = await hypervisor.domainDefineXML(domainXML)
    expect(domain.uuid).toBe(id)
    expect(await hypervisor.domainLookupByUUID(id)).toMatchObject({ name })
    await domain.undefine()
    await expect(hypervisor.domainLookupByName(name)).rejects.toMatchObject({
      code: 'VIR_ERR_NO_DOMAIN',
      domain: 'VIR_FROM_QEMU',
    })
  })

  test('runs: paused, monitored, photographed, pressed, talked to, and gone with its connection', async () => {
    const owner = await Hypervisor.open('qemu:///system')
    const seen: string[] = []
    await using _ = await owner.on('domainLifecycle', ({ domain: { uuid }, type }) => {
      if (uuid === id) seen.push(type)
    })
    try {
      const flags = DomainCreateFlags.paused | DomainCreateFlags.autodestroy
      const domain = await owner.domainCreateXML(domainXML, { flags })
      expect(domain.id).toBeGreaterThan(0)
      expect((await domain.getState()).state).toBe('paused')
      await domain.resume()
      expect((await domain.getState()).state).toBe('running')

      const status: unknown = JSON.parse(await domain.monitorCommand('{"execute":"query-status"}'))
      expect(status).toMatchObject({ return: { status: 'running' } })
      expect(await domain.monitorCommand('info status', { hmp: true })).toContain('running')

      const { mimeType, data } = await domain.screenshot()
      const picture = await buffer(data)
      expect(mimeType).toMatch(/^image\//)
      expect(picture.length).toBeGreaterThan(100)

      await domain.sendKey([29, 56, 111], { holdTimeMs: 50 })
      await expect(
        domain.agentCommand('{"execute":"guest-ping"}', { timeoutSeconds: 1 }),
      ).rejects.toMatchObject({
        code: 'VIR_ERR_AGENT_UNRESPONSIVE',
      })
      const [lease] = await domain.interfaceAddresses('lease')
      expect(lease).toBeUndefined()

      const console = await domain.openConsole()
      await expect(domain.openConsole()).rejects.toMatchObject({ code: 'VIR_ERR_OPERATION_FAILED' })
      console.destroy()
      await expect.poll(() => console.closed).toBe(true)
      ;(await domain.openConsole()).destroy()

      await domain.suspend()
      expect((await domain.getState()).state).toBe('paused')
      expect(seen).toContain('started')
    } finally {
      await owner.close()
    }
    await expect
      .poll(async () => (await hypervisor.listAllDomains()).some(({ uuid }) => uuid === id), {
        timeout: 10_000,
      })
      .toBe(false)
  })
})

test('a domain goes with the last of those who share the connection that started it', async () => {
  await using last = await Hypervisor.open('qemu:///system', { shared: true })
  await using first = await Hypervisor.open('qemu:///system', { shared: true })
  const isThere = async (): Promise<boolean> =>
    (await hypervisor.listAllDomains()).some(({ uuid }) => uuid === id)
  const flags = DomainCreateFlags.paused | DomainCreateFlags.autodestroy
  await first.domainCreateXML(domainXML, { flags })
  await first.close()
  expect((await (await last.domainLookupByUUID(id)).getState()).state).toBe('paused')
  await last.close()
  await expect.poll(isThere).toBe(false)
})

describe('a storage pool', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'see-pool-'))
    await chmod(folder, 0o755)
  })

  afterAll(async () => {
    // Also after a test that ran out of time, whose own clean-up is never reached.
    const pools = await hypervisor.listAllStoragePools()
    await pools.find((pool) => pool.name === name)?.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  test('takes what is uploaded and gives it back, whole or in part', async () => {
    const path = join(folder, 'pool')
    const xml = `<pool type='dir'><name>${name}</name><target><path>${path}</path><permissions><mode>0755</mode></permissions></target></pool>`
    const pool = await hypervisor.storagePoolCreateXML(xml, { flags: StoragePoolCreateFlags.withBuild })
    try {
      expect((await hypervisor.storagePoolLookupByTargetPath(path)).equals(pool)).toBe(true)
      const data = randomBytes(5_000_001)
      const volume = await pool.storageVolCreateXML(
        `<volume><name>disk</name><capacity>${data.length}</capacity><allocation>0</allocation><target><permissions><mode>0644</mode></permissions></target></volume>`,
      )
      await pipeline(Readable.from([data]), await volume.upload())
      expect(digest(await readFile(await volume.getPath()))).toBe(digest(data))
      expect(digest(await buffer(await volume.download()))).toBe(digest(data))

      const part = await buffer(await volume.download({ offset: 1_000_000, length: 123 }))
      expect(part.equals(data.subarray(1_000_000, 1_000_123))).toBe(true)

      const middle = await volume.upload({ offset: 7, length: 3 })
      await pipeline(Readable.from([Buffer.from('abc')]), middle)
      expect((await readFile(await volume.getPath())).subarray(7, 10).toString()).toBe('abc')

      const copy = await pool.storageVolCreateXMLFrom(
        `<volume><name>copy</name><capacity>${data.length}</capacity></volume>`,
        volume,
      )
      expect((await buffer(await copy.download())).length).toBe(data.length)
      await copy.delete()
      await volume.delete()
      expect(await pool.listAllVolumes()).toEqual([])
    } finally {
      await pool.destroy()
    }
  })

  test('a download that was given up half way leaves the connection of the hypervisor alone', async () => {
    const xml = `<pool type='dir'><name>${name}</name><target><path>${folder}</path></target></pool>`
    const pool = await hypervisor.storagePoolCreateXML(xml)
    try {
      const volume = await pool.storageVolCreateXML(
        '<volume><name>zeros</name><capacity unit="MiB">64</capacity><allocation>0</allocation></volume>',
      )
      const stream = await volume.download()
      for await (const _ of stream) break
      expect(stream.destroyed).toBe(true)
      expect((await volume.getInfo()).capacityBytes).toBe(64 * 1024 * 1024)
      await volume.delete()
    } finally {
      await pool.destroy()
    }
  })
})

test('a network is created and destroyed', async () => {
  const bridge = `vt${randomBytes(4).toString('hex')}`
  const network = await hypervisor.networkCreateXML(
    `<network><name>${name}</name><forward mode='open'/><dns enable='no'/>
     <bridge name='${bridge}' stp='off' delay='0'/><ip address='10.251.253.1' prefix='29'/></network>`,
  )
  try {
    expect(await network.isActive()).toBe(true)
    expect(await network.getBridgeName()).toBe(bridge)
    expect(await network.getDHCPLeases()).toEqual([])
    expect(await network.getDHCPLeases({ mac: '52:54:00:00:00:01' })).toEqual([])
  } finally {
    await network.destroy()
  }
})

test.each(['lxc:///system', 'lxc:///'])('%s opens the LXC driver', async (uri) => {
  await using lxc = await Hypervisor.open(uri)
  expect(await lxc.getType()).toBe('LXC')
})

test('capabilities of domains', async () => {
  const xml = await hypervisor.getDomainCapabilities({ arch: 'x86_64', virtType: 'qemu' })
  expect(xml).toContain('<domain>qemu</domain>')
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
