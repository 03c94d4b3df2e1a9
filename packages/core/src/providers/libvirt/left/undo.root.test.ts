import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { afterAll, expect, test } from 'vitest'
import { hostPayloads } from '../../../ledger/host-entries.ts'
import { LeftLedger } from '../../../ledger/left-ledger.ts'
import { ledgerFolder } from '../../../ledger/ledger-folder.ts'
import type { LedgerContent } from '../../../ledger/ledger-lines.ts'
import { ownerState } from '../../../ledger/owner-state.ts'
import { readLedger } from '../../../ledger/read-ledger.ts'
import { registeredProviders } from '../../registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-undo-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()

/** Makes a sandbox and powers it on, without an environment, which would have a keeper, and then does nothing. */
const PROGRAM = `
import { randomUUID } from 'node:crypto'
import { createLogger, lxcFactory, qemuFactory } from '@see/core'
const [provider, configuration] = JSON.parse(process.argv[1])
const factory = provider === 'lxc' ? lxcFactory(configuration) : qemuFactory(configuration)
const { signal } = new AbortController()
const context = await factory(randomUUID(), { signal, logger: createLogger('silent') })
await context.poweron()
process.stdout.write(context.identifier)
process.stdin.resume()
`

/** The identifier of an environment whose process was killed. */
async function killed(provider: string, configuration: object): Promise<LedgerContent> {
  const argv = ['--input-type=module', '-e', PROGRAM, JSON.stringify([provider, configuration])]
  const child = spawn(process.execPath, argv, {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    const [identifier] = await Promise.race([once(child.stdout, 'data'), exited])
    const content = await contentOf(String(identifier))
    expect(await ownerState(content.owner)).toBe('alive')
    return content
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

async function contentOf(identifier: string): Promise<LedgerContent> {
  const reading = await readLedger(ledgerFolder(), identifier)
  if (reading?.state !== 'read') throw new Error('there is no ledger')
  return reading.content
}

/** Undoes from the last to the first, each twice. */
async function undoTwice(content: LedgerContent): Promise<void> {
  await using left = await LeftLedger.open(content)
  const leftovers = registeredProviders().flatMap((each) => each.leftovers ?? [])
  for (const { entry, ...thing } of content.entries.toReversed()) {
    const known = leftovers.find(({ kinds }) => kinds.includes(thing.kind))
    if (known !== undefined) {
      await using undoer = await known.undoer()
      await undoer.undo(content.identifier, thing, { signal })
      await undoer.undo(content.identifier, thing, { signal })
    } else expect(hostPayloads).toHaveProperty(thing.kind)
    await left.undone(entry)
  }
}

/** What has the identifier in its name. */
async function leftOf(identifier: string): Promise<string[]> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  await using containers = await Hypervisor.open('lxc:///')
  const objects = [
    ...(await hypervisor.listAllDomains()),
    ...(await containers.listAllDomains()),
    ...(await hypervisor.listAllNetworks()),
    ...(await hypervisor.listAllStoragePools()),
  ].map(({ name }) => name)
  const folders = ['/run/libvirt/lxc', '/run/libvirt/network', '/var/lib/libvirt/images', ledgerFolder()]
  const files = folders.filter((each) => existsSync(each)).flatMap((each) => readdirSync(each))
  const rules = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n')
  return [...objects, ...files, ...rules].filter((each) => each.includes(identifier))
}

const network = { mode: 'nat-no-lan', sharing: 'own' }
const interfaces = '<devices><interface type="network"><source network="x"/></interface></devices>'

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('what a killed process recorded of a guest is undone, and found without its ledger', {
  timeout: 60_000,
}, async () => {
  const image = join(folder, 'disk.qcow2')
  execFileSync('chmod', ['755', folder])
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1M'])
  const os = '<os><type arch="x86_64" machine="q35">hvm</type></os>'
  const disk = '<disk type="file" device="disk"><target dev="vda" bus="virtio"/></disk>'
  const devices = interfaces.replace('<devices>', `<devices>${disk}`)
  const xml = `<domain type="qemu"><memory unit="MiB">32</memory>${os}${devices}</domain>`
  const domain = { configuration: written('qemu.xml', xml) }
  const content = await killed('qemu', { domain, disk: { image }, network })
  const kinds = content.entries.map(({ kind }) => kind)
  expect(kinds.toSorted()).toEqual(['libvirt-domain', 'libvirt-network', 'libvirt-pool', 'nftables'])

  const provider = registeredProviders().find(({ name }) => name === 'qemu')
  await using undoer = await provider?.leftovers?.undoer()
  const found = await undoer?.find?.({ signal })
  const mine = found?.find(({ identifier }) => identifier === content.identifier)
  expect(mine?.owner).toEqual(content.owner)
  // The guest itself goes with its process's connection to libvirtd.
  expect(mine?.entries.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['libvirt-network', 'libvirt-pool']),
  )

  await undoTwice(content)
  expect(await leftOf(content.identifier)).toEqual([])
})

test('a shared network that nothing uses any more is found by what it says of itself, and undone', {
  timeout: 60_000,
}, async () => {
  const source = mkdtempSync(join(folder, 'sharing-'))
  const os = '<os><type>exe</type><init>/bin/sleep</init><initarg>600</initarg></os>'
  const devices = interfaces.replace('<devices>', '<devices><console type="pty"/>')
  const xml = `<domain type="lxc"><memory unit="MiB">64</memory>${os}${devices}</domain>`
  const filesystem = { source_path: source, target_path: '/mnt' }
  const domain = { configuration: written('sharing.xml', xml), filesystem: [filesystem] }
  // A network of no other test: its name is that of its addresses.
  const own = { ipv4: '10.213.0.0', prefix: 16, subnet_prefix: 24 }
  const sharing = { mode: 'nat-no-lan', sharing: 'shared', dynamic_address: own }
  const content = await killed('lxc', { hypervisor: 'lxc:///', domain, network: sharing })
  const shared = content.entries.filter(({ kind }) => kind === 'libvirt-shared-network')
  const others = content.entries.filter((entry) => !shared.includes(entry))

  const provider = registeredProviders().find(({ name }) => name === 'qemu')
  await using undoer = await provider?.leftovers?.undoer()
  const mine = async () => {
    const found = await undoer?.find?.({ signal })
    return found?.find(({ identifier }) => identifier === content.identifier)
  }
  await undoTwice({ ...content, entries: others })
  const [entry, ...rest] = (await mine())?.entries ?? []
  expect(rest).toEqual([])
  // All drivers have the same networks, and only this one looks for them.
  expect(entry?.what).toBe(shared[0]?.what)
  if (entry !== undefined) await undoer?.undo(content.identifier, entry, { signal })
  expect(await mine()).toBeUndefined()
  expect(await leftOf(content.identifier)).toEqual([])
})

test('what a killed process recorded of a container is undone', { timeout: 60_000 }, async () => {
  const source = mkdtempSync(join(folder, 'mounted-'))
  const os = '<os><type>exe</type><init>/bin/sleep</init><initarg>600</initarg></os>'
  const devices = interfaces.replace('<devices>', '<devices><console type="pty"/>')
  const xml = `<domain type="lxc"><memory unit="MiB">64</memory>${os}${devices}</domain>`
  const filesystem = { source_path: source, target_path: '/mnt' }
  const domain = { configuration: written('lxc.xml', xml), filesystem: [filesystem] }
  const content = await killed('lxc', { hypervisor: 'lxc:///', domain, network })
  expect(content.entries.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['libvirt-network', 'nftables', 'folder', 'libvirt-container', 'libvirt-domain']),
  )
  await undoTwice(content)
  expect(await leftOf(content.identifier)).toEqual([])
  expect(readdirSync(source)).toEqual([content.identifier])
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(content.identifier)
})
