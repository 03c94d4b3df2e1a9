import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DomainDefineFlags, Hypervisor } from '@see/libvirt'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import { ownerIn } from '../daemon/owner-metadata.ts'
import { editDomainXml } from '../xml/domain-xml.ts'
import { vboxFactory } from './vbox.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-vbox-'))
const image = join(folder, 'disk.vdi')
const configuration = join(folder, 'domain.xml')
const domainXml = `<domain type="vbox">
  <name>mine</name>
  <memory unit="MiB">512</memory>
  <os><type arch="x86_64">hvm</type></os>
  <devices>
    <disk type="file" device="disk"><source file="/nowhere"/><target dev="hda" bus="ide"/></disk>
    <interface type="user"><model type="82540eM"/></interface>
  </devices>
</domain>`

beforeAll(() => {
  execFileSync('qemu-img', ['create', '-q', '-f', 'vdi', image, '8M'])
  writeFileSync(configuration, domainXml)
})
afterAll(() => rmSync(folder, { recursive: true }))

// libvirt's mock hypervisor takes any type of domain.
test('the domain is made of the XML and the image, and leaves nothing', async () => {
  const factory = vboxFactory({ hypervisor: 'test:///default', domain: { configuration }, disk: { image } })
  const environment = await Environment.allocate(factory)
  const { context, identifier } = environment
  expect([context.domain.name, context.domain.uuid]).toEqual([identifier, identifier])
  const xml = await context.domain.getXMLDesc()
  expect(xml).toContain("<domain type='vbox'")
  expect(xml).toContain(`<source file='${image}'/>`)
  expect(xml).toContain(context.macAddress())
  expect(ownerIn(xml)).toMatchObject({ identifier, owner: { pid: process.pid } })
  await context.poweron()
  expect(await context.state()).toBe('running')
  await environment.deallocate()
  await using hypervisor = await Hypervisor.open('test:///default')
  const left = (await hypervisor.listAllDomains()).map(({ name }) => name)
  expect(left).not.toContain(identifier)
})

test('an identifier that is taken is refused, and its owner left alone', async () => {
  const factory = vboxFactory({ hypervisor: 'test:///default', domain: { configuration } })
  await using environment = await Environment.allocate(factory)
  const { identifier, context } = environment
  await context.poweron()
  await expect(Environment.allocate(factory, undefined, { identifier })).rejects.toMatchObject({
    code: 'IDENTIFIER_TAKEN',
    message: expect.stringContaining(identifier),
  })
  expect(await context.state()).toBe('running')
})

test("the XML is right by libvirt's schema", async () => {
  const disk = { path: image, format: undefined }
  const { xml } = editDomainXml(domainXml, {
    identifier: randomUUID(),
    disk,
    network: undefined,
    macAddress: freshMacAddress(),
  })
  expect(xml).not.toContain('<driver')
  await using hypervisor = await Hypervisor.open('test:///default')
  const define = (text: string) => hypervisor.domainDefineXML(text, { flags: DomainDefineFlags.validate })
  await (await define(xml)).undefine()
  await expect(define(xml.replaceAll('disk', 'disc'))).rejects.toThrow(/schema/)
})

// Both answers are libvirt's own, of daemons that load the drivers that are said here.
test.each([
  ['the driver', [], /no connection driver available for vbox:.*install libvirt-daemon-driver-vbox/],
  ['VirtualBox', ['vbox'], /unable to initialize VirtualBox driver API: install VirtualBox/],
])('without %s it says what to install', async (_what, drivers, message) => {
  await using daemon = await startPrivateLibvirtd({ drivers })
  const hypervisor = daemon.uriOf('vbox', '/session')
  const factory = vboxFactory({ hypervisor, domain: { configuration }, disk: { image } })
  await expect(Environment.allocate(factory)).rejects.toMatchObject({
    code: 'HYPERVISOR_UNREACHABLE',
    message: expect.stringMatching(message),
  })
})

test.each([
  ['a missing XML', () => ({ domain: { configuration: '/nowhere.xml' } }), 'FILE_UNREADABLE', /nowhere/],
  [
    'XML without a disk',
    () => {
      const path = join(folder, 'diskless.xml')
      writeFileSync(path, domainXml.replace(/<disk.*<\/disk>/, ''))
      return { domain: { configuration: path }, disk: { image } }
    },
    'DOMAIN_XML_INVALID',
    /diskless\.xml: it has no <disk/,
  ],
  [
    'an image that VirtualBox cannot attach',
    () => {
      const path = join(folder, 'disk.qcow2')
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '8M'])
      return { domain: { configuration }, disk: { image: path } }
    },
    'IMAGE_INVALID',
    /is a qcow2 image.*qemu-img convert -O vdi/,
  ],
])('%s is refused before the daemon is asked', async (_what, given, code, message) => {
  await expect(Environment.allocate(vboxFactory(given()))).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

test('a configuration of another provider is refused', () => {
  const given = { domain: { configuration }, network: {} }
  expect(() => vboxFactory(given)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
})
