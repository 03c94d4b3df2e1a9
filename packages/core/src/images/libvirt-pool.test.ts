import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { qcow2Header } from '../disks/testing/image-headers.ts'
import { LibvirtPoolProvider } from './libvirt-pool.ts'

const { signal } = new AbortController()
let hypervisor: Hypervisor

beforeAll(async () => {
  hypervisor = await Hypervisor.open('qemu:///system')
})

afterAll(() => hypervisor.close())

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-pool-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'base.raw'), 'an image')
  return folder
}

function providerOf(path: string, name = 'base.raw', hypervisorUri?: string): LibvirtPoolProvider {
  const configuration = LibvirtPoolProvider.schema.parse({
    storage_pool_path: path,
    hypervisor: hypervisorUri,
  })
  return new LibvirtPoolProvider({ name, configuration, folder: '/' })
}

async function poolsOver(path: string): Promise<string[]> {
  const pools = await hypervisor.listAllStoragePools()
  // Pools of other tests may go in the meantime.
  const xml = await Promise.all(pools.map((pool) => pool.getXMLDesc().catch(() => '')))
  return xml.filter((text) => text.includes(`<path>${path}</path>`))
}

test('a folder that is no pool is made none, however many ask', async () => {
  const folder = folderOfTest()
  const asking = Array.from({ length: 6 }, () => providerOf(folder).image({ signal }))
  expect(new Set(await Promise.all(asking))).toEqual(new Set([join(folder, 'base.raw')]))
  expect(await poolsOver(folder)).toEqual([])
})

test('a pool that is defined is started and sees what is new in it, and stays', async () => {
  const folder = folderOfTest()
  const name = `see-test-${randomUUID()}`
  const pool = await hypervisor.storagePoolDefineXML(
    `<pool type="dir"><name>${name}</name><target><path>${folder}</path></target></pool>`,
  )
  onTestFinished(async () => {
    if (await pool.isActive()) await pool.destroy()
    await pool.undefine()
  })
  expect(await providerOf(folder).image({ signal })).toBe(join(folder, 'base.raw'))
  expect(await pool.isActive()).toBe(true)
  writeFileSync(join(folder, 'new.raw'), 'another image')
  expect(await providerOf(folder, 'new.raw').image({ signal })).toBe(join(folder, 'new.raw'))
  expect(await poolsOver(folder)).toHaveLength(1)
})

test('an image that names a pipe does not hold who asks for another of its folder', async () => {
  await using daemon = await startPrivateLibvirtd()
  const folder = folderOfTest()
  execFileSync('mkfifo', ['-m', '666', join(folder, 'pipe')])
  writeFileSync(join(folder, 'hostile.qcow2'), qcow2Header({ backing: join(folder, 'pipe') }))
  const provider = providerOf(folder, 'base.raw', daemon.uriOf('qemu', '/session'))
  expect(await provider.image({ signal: AbortSignal.timeout(5000) })).toBe(join(folder, 'base.raw'))
})

test('an image is looked at before libvirt sees it', async () => {
  const folder = folderOfTest()
  const inspect = async (path: string) => await Promise.reject(new Error(`no ${path} in ${folder}`))
  const provider = providerOf(folder, 'base.raw', 'qemu+unix:///system?socket=/nowhere/sock')
  await expect(provider.image({ signal, inspect })).rejects.toThrow(`no ${join(folder, 'base.raw')} in`)
})

test('a volume may be named with a slash before it', async () => {
  const folder = folderOfTest()
  expect(await providerOf(folder, '/base.raw').image({ signal })).toBe(join(folder, 'base.raw'))
})

test('a folder may be named by a link to it', async () => {
  const folder = folderOfTest()
  const link = join(folderOfTest(), 'link')
  symlinkSync(folder, link)
  expect(await providerOf(link).image({ signal })).toBe(join(folder, 'base.raw'))
})

test.each([
  [
    'an image that is not there',
    () => providerOf(folderOfTest(), 'other.raw'),
    'IMAGE_UNAVAILABLE',
    /other\.raw/,
  ],
  [
    'a way out of the pool',
    () => providerOf(folderOfTest(), '../base.raw'),
    'IMAGE_UNAVAILABLE',
    /\.\.\/base/,
  ],
  ['a folder that is not there', () => providerOf('/nowhere/at/all'), 'IMAGE_UNAVAILABLE', /nowhere/],
  [
    'a daemon that does not run',
    () => providerOf(folderOfTest(), 'base.raw', 'qemu+unix:///system?socket=/nowhere/sock'),
    'HYPERVISOR_UNREACHABLE',
    /nowhere/,
  ],
])('%s is reported, and no pool is left', async (_what, provider, code, message) => {
  await expect(provider().image({ signal })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  for (const text of await poolsOver('/tmp')) expect(text).not.toContain('<name>see-')
})
