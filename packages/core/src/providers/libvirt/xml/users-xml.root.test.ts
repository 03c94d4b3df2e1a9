import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DomainCreateFlags } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import { Environment } from '../../../environment/environment.ts'
import { attribute, devicesIn } from './device-elements.ts'
import type { networkSchema } from '../network/network-schema.ts'
import { qemuFactory } from '../qemu/qemu.ts'
import { childOf, type Element } from '../../../common/xml-elements.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-users-xml-'))
const image = join(folder, 'base.qcow2')
const variables = join(folder, 'VARS.fd')
const OVMF = '/usr/share/OVMF'

beforeAll(() => {
  chmodSync(folder, 0o755)
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '8M'])
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Parts {
  readonly os?: string
  readonly osAttributes?: string
  readonly disk?: string
  readonly card?: string
  readonly devices?: string
  readonly rest?: string
}

const DISK =
  '<disk type="file" device="disk"><source file="/nowhere"/><target dev="vda" bus="virtio"/></disk>'
const CARD = '<interface type="network"><source network="default"/><model type="virtio"/></interface>'

function domainXml({ os = '', osAttributes = '', disk = DISK, card = CARD, devices = '', rest = '' }: Parts) {
  return `<domain type="qemu"><name>mine</name><uuid>59bca235-1234-4567-89ab-0123456789ab</uuid><memory unit="MiB">64</memory>
    <os ${osAttributes}><type arch="x86_64" machine="pc-q35-7.2">hvm</type>${os}</os><features><acpi/></features>${rest}
    <devices>${disk}${card}${devices}</devices></domain>`
}

async function allocate(parts: Parts, mode?: 'isolated') {
  const file = join(mkdtempSync(join(folder, 'of-')), 'domain.xml')
  writeFileSync(file, domainXml(parts))
  return await allocateFile(file, { mode: mode ?? 'sinkhole' })
}

async function allocateFile(
  file: string,
  network: z.input<typeof networkSchema> = { mode: 'sinkhole' },
  others?: 'read-only' | 'shared',
) {
  const environment = await Environment.allocate(
    qemuFactory({
      domain: { configuration: file },
      disk: { image, clone: { storage_pool_path: folder }, others },
      network,
    }),
  )
  onTestFinished(() => environment.deallocate())
  return environment
}

type Machine = Awaited<ReturnType<typeof allocate>>

/** Two that run at the same time; the guests themselves do not. */
async function two(parts: Parts, mode?: 'isolated'): Promise<[Machine, Machine]> {
  const both: [Machine, Machine] = [await allocate(parts, mode), await allocate(parts, mode)]
  for (const { context } of both) await context.domain.create({ flags: DomainCreateFlags.paused })
  return both
}

const xmlOf = ({ context }: Machine): Promise<string> => context.domain.getXMLDesc()

describe('of two guests that run at the same time', () => {
  test('each has a socket of its own for the agent, whatever path the XML names', async () => {
    const path = join(folder, 'agent.sock')
    const devices = `<channel type="unix"><source mode="bind" path="${path}"/><target type="virtio" name="org.qemu.guest_agent.0"/></channel>`
    const xmls = await Promise.all((await two({ devices })).map(xmlOf))
    const paths = xmls.map(
      (xml) => devicesIn(xml, 'channel').map((each) => attribute(each, ['source'], 'path'))[0],
    )
    expect(new Set(paths).size).toBe(2)
    expect(paths.every((each) => each !== undefined && existsSync(each))).toBe(true)
    expect(existsSync(path)).toBe(false)
  })

  test.each([
    ['unix', `<source mode="bind" path="${join(folder, 'port.sock')}"/>`],
    ['file', `<source path="${join(folder, 'port.log')}"/>`],
    ['pipe', `<source path="${join(folder, 'port.pipe')}"/>`],
    ['dev', '<source path="/dev/ttyS0"/>'],
    ['tcp', '<source mode="bind" host="127.0.0.1" service="45117"/><protocol type="raw"/>'],
    ['tcp', '<source mode="connect" host="127.0.0.1" service="9"/><protocol type="raw"/>'],
    ['udp', '<source mode="connect" host="127.0.0.1" service="9"/>'],
  ])('no end of a serial port of type %s is shared: %s', async (type, source) => {
    const before = readdirSync(folder).filter((name) => name.startsWith('port'))
    const devices = `<serial type="${type}">${source}</serial><console type="${type}">${source}</console><channel type="${type}">${source}<target type="virtio" name="x.y.0"/></channel>`
    const xmls = await Promise.all((await two({ devices })).map(xmlOf))
    for (const xml of xmls) {
      expect(devicesIn(xml, 'serial').map((each) => each.getAttribute('type'))).toEqual(['pty'])
      expect(devicesIn(xml, 'console')[0]?.getAttribute('type')).toBe('pty')
    }
    const ends = xmls.flatMap((xml) => [...devicesIn(xml, 'serial'), ...devicesIn(xml, 'channel')])
    expect(new Set(ends.map((each) => attribute(each, ['source'], 'path'))).size).toBe(4)
    expect(readdirSync(folder).filter((name) => name.startsWith('port'))).toEqual(before)
  })

  test('no log of a port is shared', async () => {
    const file = join(folder, 'console.log')
    const devices = `<serial type="pty"><log file="${file}" append="off"/></serial>`
    await two({ devices })
    expect(existsSync(file)).toBe(false)
  })

  test.each([
    ['a fixed port', '<graphics type="vnc" port="5999" autoport="no" websocket="5799" listen="127.0.0.1"/>'],
    ['an address of another host', '<graphics type="vnc" port="-1" listen="192.0.2.1"/>'],
    [
      'a network of another host',
      '<graphics type="vnc"><listen type="network" network="vdsm-none"/></graphics>',
    ],
    ['a socket', `<graphics type="vnc" socket="${join(folder, 'vnc.sock')}"/>`],
    [
      'another socket',
      `<graphics type="vnc"><listen type="socket" socket="${join(folder, 'vnc.sock')}"/></graphics>`,
    ],
  ])('each has a screen of its own: %s', async (_what, graphics) => {
    const devices = `${graphics}<video><model type="vga"/></video>`
    const xmls = await Promise.all((await two({ devices })).map(xmlOf))
    const ends = xmls.map((xml) => {
      const [each] = devicesIn(xml, 'graphics')
      return each?.getAttribute('port') ?? each?.getAttribute('socket')
    })
    expect(new Set(ends).size).toBe(2)
    expect(ends.some((end) => end?.startsWith(folder))).toBe(false)
  })

  test('each has variables of its firmware of its own, which begin as the XML’s and go with it', async () => {
    copyFileSync(`${OVMF}/OVMF_VARS_4M.fd`, variables)
    const before = readFileSync(variables)
    const os = `<loader readonly="yes" type="pflash">${OVMF}/OVMF_CODE_4M.fd</loader><nvram template="${OVMF}/OVMF_VARS_4M.ms.fd">${variables}</nvram>`
    const guests = await two({ os })
    await expectOwnVariables(guests, before)
  })

  test('so has one whose firmware libvirt chooses, as virt-install asks for', async () => {
    copyFileSync(`${OVMF}/OVMF_VARS_4M.ms.fd`, variables)
    const before = readFileSync(variables)
    const guests = await two({ osAttributes: 'firmware="efi"', os: `<nvram>${variables}</nvram>` })
    await expectOwnVariables(guests, before)
    const fresh = await two({ osAttributes: 'firmware="efi"' })
    await expectOwnVariables(fresh, readFileSync(`${OVMF}/OVMF_VARS_4M.ms.fd`))
  }, 60_000)
})

async function expectOwnVariables(guests: readonly Machine[], content: Buffer): Promise<void> {
  const facts = existsSync(variables) ? statSync(variables) : undefined
  const files = await Promise.all(
    guests.map(async (guest) => /<nvram[^>]*>([^<]*)</.exec(await xmlOf(guest))?.[1]),
  )
  expect(new Set(files).size).toBe(2)
  expect(files).not.toContain(variables)
  for (const file of files) expect(readFileSync(file ?? '').equals(content)).toBe(true)
  await Promise.all(guests.map((guest) => guest.deallocate()))
  expect(files.filter((file) => file !== undefined && existsSync(file))).toEqual([])
  if (facts !== undefined)
    expect([statSync(variables).uid, statSync(variables).mtimeMs]).toEqual([0, facts.mtimeMs])
}

const TPM = '<tpm model="tpm-crb"><backend type="emulator" version="2.0"/></tpm>'
const stateOf = ({ identifier }: Machine): string =>
  join('/var/lib/libvirt/swtpm', identifier, 'tpm2', 'tpm2-00.permall')

test('a TPM is the same after the guest was off, another in each environment, and gone after it', async () => {
  const guests = await two({ devices: TPM })
  const [first, second] = guests.map((guest) => readFileSync(stateOf(guest)))
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false)
  const [guest] = guests
  await guest.context.poweroff()
  const kept = readFileSync(stateOf(guest))
  await guest.context.domain.create({ flags: DomainCreateFlags.paused })
  // swtpm rewrites it when it is made, and only then.
  expect(readFileSync(stateOf(guest)).equals(kept)).toBe(true)
  await Promise.all(guests.map((each) => each.deallocate()))
  expect(guests.map(({ identifier }) => existsSync(join('/var/lib/libvirt/swtpm', identifier)))).toEqual([
    false,
    false,
  ])
}, 60_000)

test('the serial numbers that a guest is shown follow its UUID', async () => {
  const rest =
    '<sysinfo type="smbios"><system><entry name="manufacturer">OpenStack</entry><entry name="uuid">59bca235-1234-4567-89ab-0123456789ab</entry></system></sysinfo>'
  const guests = await two({ rest, os: '<smbios mode="sysinfo"/>' })
  for (const guest of guests)
    expect(await xmlOf(guest)).toContain(`<entry name='uuid'>${guest.identifier}</entry>`)
})

test.each([
  [
    'a disk in Ceph',
    {
      disk: '<disk type="network" device="disk" snapshot="no"><driver name="qemu" type="raw" cache="writeback" discard="unmap"/><auth username="cinder"><secret type="ceph" uuid="457eb676-33da-42ec-9a8c-9293d545c337"/></auth><source protocol="rbd" name="vms/x_disk" index="3"><host name="192.0.2.1" port="6789"/><encryption format="luks"><secret type="passphrase" uuid="457eb676-33da-42ec-9a8c-9293d545c338"/></encryption></source><backingStore/><target dev="vda" bus="virtio"/><iotune><total_iops_sec>500</total_iops_sec></iotune><serial>abc</serial></disk>',
    },
  ],
  [
    'a LUN with reservations',
    {
      disk: '<disk type="block" device="disk" rawio="yes" sgio="unfiltered"><driver name="qemu" type="raw" cache="none" io="native" discard_no_unref="on"/><source dev="/dev/none"><reservations managed="yes"/><seclabel model="dac" relabel="no"/></source><target dev="sda" bus="scsi"/><encryption format="luks"><secret type="passphrase" uuid="457eb676-33da-42ec-9a8c-9293d545c338"/></encryption><readonly/></disk>',
    },
  ],
  [
    'a port of Open vSwitch',
    {
      card: '<interface type="bridge"><source bridge="br-int"/><virtualport type="openvswitch"><parameters interfaceid="4a3b2c1d-0000-4000-8000-000000000001"/></virtualport><vlan><tag id="42"/></vlan><target dev="tap4a3b2c1d-00"/><model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/><mtu size="1450"/></interface>',
    },
  ],
  [
    'a script',
    {
      card: '<interface type="ethernet"><script path="no"/><target dev="tap4a3b2c1d-00" managed="no"/><model type="virtio"/></interface>',
    },
  ],
  [
    'a vhost-user port',
    {
      card: '<interface type="vhostuser"><source type="unix" path="/run/none.sock" mode="client"/><driver queues="2" rx_queue_size="1024"/><model type="virtio"/></interface>',
    },
  ],
])('what the first disk or interface was on needs nothing any more: %s', async (_what, parts) => {
  for (const guest of await two(parts, 'isolated')) expect(await guest.context.domain.isActive()).toBe(true)
})

test.each([
  ['a network of its own', { mode: 'nat-no-lan', sharing: 'own' }],
  ['a shared one', { mode: 'nat-no-lan', sharing: 'shared' }],
  ['one without a way out', { mode: 'isolated', sharing: 'own' }],
] as const)('every interface is on the mode’s network: %s', async (_what, network) => {
  const dynamic_address = { ipv4: '10.213.0.0', prefix: 20, subnet_prefix: 24 }
  const file = join(mkdtempSync(join(folder, 'of-')), 'domain.xml')
  const devices =
    '<interface type="bridge"><source bridge="none"/><virtualport type="openvswitch"/></interface><interface type="user"/>'
  writeFileSync(file, domainXml({ devices }))
  const guest = await allocateFile(file, { ...network, dynamic_address })
  expect(guest.context.warnings).toEqual([])
  await guest.context.domain.create({ flags: DomainCreateFlags.paused })
  const interfaces = devicesIn(await xmlOf(guest), 'interface')
  const name = guest.context.network?.name
  expect(interfaces.map((each) => attribute(each, ['source'], 'network'))).toEqual([name, name, name])
  const macs = interfaces.map((each) => attribute(each, ['mac'], 'address') ?? '')
  const table = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  const hosts = /<host mac='([^']*)' ip='([^']*)'/g
  const places = [...((await guest.context.network?.getXMLDesc()) ?? '').matchAll(hosts)]
  for (const mac of macs) {
    const [, , address] = places.find(([, of]) => of === mac) ?? []
    expect(address).toMatch(/^10\.213\./)
    if (network.mode === 'nat-no-lan') expect(table).toContain(`${mac} . ${address}`)
  }
  expect(new Set(macs).size).toBe(3)
  await guest.deallocate()
  expect(leftIn(guest.identifier)).toEqual([])
})

const virsh = (...argv: string[]) => execFileSync('virsh', argv, { encoding: 'utf8' })

function leftIn(identifier: string): string[] {
  const all = [virsh('net-list', '--all'), virsh('list', '--all'), virsh('nwfilter-list')].join('')
  const lines = [...all.split('\n'), ...readdirSync('/sys/class/net')]
  return lines.filter((line) => line.includes(identifier.slice(0, 8)))
}

const secondDisk = () =>
  `<disk type="file" device="disk"><driver name="qemu" type="raw"/><source file="${join(folder, 'second.raw')}"/><target dev="vdb" bus="virtio"/></disk>`
const diskOf = (xml: string) =>
  devicesIn(xml, 'disk').find((each) => attribute(each, ['target'], 'dev') === 'vdb')
const facts = () => {
  const { uid, gid, mode, mtimeMs } = statSync(join(folder, 'second.raw'))
  return { uid, gid, mode, mtimeMs }
}
const isReadOnly = (disk: Element | undefined) =>
  disk !== undefined && childOf(disk, 'readonly') !== undefined

test('files that all guests read keep their owner', async () => {
  const cd = join(folder, 'cd.iso')
  writeFileSync(cd, Buffer.alloc(1_048_576))
  const drive = (device: string, target: string, bus: string) =>
    `<disk type="file" device="${device}"><source file="${cd}"/><target dev="${target}" bus="${bus}"/><readonly/></disk>`
  const guests = await two({ devices: drive('cdrom', 'sda', 'sata') + drive('disk', 'vdb', 'virtio') })
  expect(statSync(cd).uid).toBe(0)
  await Promise.all(guests.map((guest) => guest.deallocate()))
  expect(statSync(cd).uid).toBe(0)
})

describe('a second disk', () => {
  beforeAll(() => writeFileSync(join(folder, 'second.raw'), Buffer.alloc(1_048_576, 7)))

  test('is an overlay of each environment’s own, and the file stays as it is', async () => {
    const before = facts()
    const guests = await two({ devices: secondDisk() })
    const disks = (await Promise.all(guests.map(xmlOf))).map(diskOf)
    const paths = disks.map((disk) => disk && attribute(disk, ['source'], 'file'))
    expect(paths).toEqual(guests.map(({ identifier }) => join(folder, identifier, `${identifier}-vdb.qcow2`)))
    for (const disk of disks)
      expect(disk && attribute(disk, ['backingStore', 'source'], 'file')).toBe(join(folder, 'second.raw'))
    for (const { context } of guests) {
      expect(context.warnings).toEqual([])
      const read = await context.resources.abilities.disk.others()
      expect(read).toMatchObject([{ target: 'vdb', image: { path: join(folder, 'second.raw') } }])
    }
    expect(facts()).toEqual(before)
    await Promise.all(guests.map((guest) => guest.deallocate()))
    expect(paths.filter((path) => path !== undefined && existsSync(path))).toEqual([])
    expect(facts()).toEqual(before)
  })

  test('is read-only, or shared, if the configuration says so', async () => {
    const file = join(mkdtempSync(join(folder, 'of-')), 'domain.xml')
    writeFileSync(file, domainXml({ devices: secondDisk() }))
    const diskWith = async (others: 'read-only' | 'shared') => {
      const guest = await allocateFile(file, { mode: 'none' }, others)
      return { disk: diskOf(await xmlOf(guest)), warnings: guest.context.warnings }
    }
    const readOnly = await diskWith('read-only')
    expect(isReadOnly(readOnly.disk)).toBe(true)
    expect(readOnly.warnings).toEqual([])
    const shared = await diskWith('shared')
    expect(isReadOnly(shared.disk)).toBe(false)
    expect(shared.warnings).toMatchObject([
      { code: 'DISK_NOT_COMPARED', why: expect.stringContaining('for good') },
    ])
    for (const { disk } of [readOnly, shared])
      expect(disk && attribute(disk, ['source'], 'file')).toBe(join(folder, 'second.raw'))
  })

  test.each([
    [
      'a block device',
      '<disk type="block" device="disk"><driver name="qemu" type="raw"/><source dev="/dev/zero"/><target dev="vdb"/></disk>',
      'the disk vdb of the domain’s XML is no file',
    ],
    [
      'a disk of another host',
      '<disk type="network" device="disk"><source protocol="nbd" name="x"><host name="192.0.2.1"/></source><target dev="vdb"/></disk>',
      'the disk vdb of the domain’s XML is no file',
    ],
    ['a format that its content does not have', secondDisk().replace('raw"', 'qcow2"'), 'second.raw'],
  ])('is refused as %s', async (_what, devices, named) => {
    await expect(allocate({ devices })).rejects.toThrow(named)
  })
})

test('the XML is read in the encoding that it says it has', async () => {
  const bare = domainXml({ rest: '<title>Prüfung</title>' })
  const text = `<?xml version="1.0" encoding="ISO-8859-1"?>${bare}`
  const file = join(mkdtempSync(join(folder, 'of-')), 'domain.xml')
  for (const content of [
    Buffer.from(text, 'latin1'),
    Buffer.from(`\uFEFF${text}`, 'utf16le'),
    `\uFEFF${bare}`,
  ]) {
    writeFileSync(file, content)
    const guest = await allocateFile(file)
    expect(await xmlOf(guest)).toContain('<title>Prüfung</title>')
    await guest.context.domain.create({ flags: DomainCreateFlags.paused })
    expect(await xmlOf(guest)).toContain('<title>Prüfung</title>')
  }
})

const readOnlyDisk = (source: string) =>
  `<disk type="file" device="disk">${source}<target dev="vdb" bus="virtio"/><readonly/></disk>`

describe('what a start would miss is named at allocation', () => {
  const secret = '457eb676-33da-42ec-9a8c-9293d545c337'
  /** With further interfaces on what the XML says. */
  const allocateOutside = (parts: Parts) => {
    const file = join(mkdtempSync(join(folder, 'of-')), 'domain.xml')
    writeFileSync(file, domainXml(parts))
    return allocateFile(file, { mode: 'isolated', other_interfaces: 'warn' })
  }

  test.each<[string, Parts, string]>([
    [
      'a CD',
      {
        devices:
          '<disk type="file" device="cdrom"><source file="/nowhere/a.iso"/><target dev="sda" bus="sata"/></disk>',
      },
      'the cdrom sda names /nowhere/a.iso, which is not there',
    ],
    ['a kernel', { os: '<kernel>/nowhere/vmlinuz</kernel>' }, '<kernel> names /nowhere/vmlinuz'],
    [
      'a firmware',
      {
        os: '<loader readonly="yes" type="pflash">/nowhere/CODE.fd</loader><nvram template="/nowhere/VARS.fd"/>',
      },
      '<loader> names /nowhere/CODE.fd, which is not there; the template of <nvram> names /nowhere/VARS.fd',
    ],
    [
      'a folder',
      {
        devices: '<filesystem type="mount"><source dir="/nowhere/share"/><target dir="share"/></filesystem>',
      },
      '<filesystem> share names /nowhere/share',
    ],
    [
      'a secret',
      {
        devices: readOnlyDisk(
          `<source file="${image}"><encryption format="luks"><secret type="passphrase" uuid="${secret}"/></encryption></source>`,
        ),
      },
      `<secret> names ${secret}`,
    ],
    [
      'a network',
      { devices: '<interface type="network"><source network="none-such"/></interface>' },
      'the network none-such',
    ],
    [
      'a bridge',
      { devices: '<interface type="bridge"><source bridge="br-none"/></interface>' },
      'an interface is on br-none',
    ],
    [
      'a filter',
      { card: '<interface type="bridge"><source bridge="x"/><filterref filter="vdsm-none"/></interface>' },
      'an interface has the filter vdsm-none, which qemu:///system does not have',
    ],
    [
      'a card of the host',
      {
        devices:
          '<hostdev mode="subsystem" type="pci" managed="yes"><source><address domain="0" bus="0xfe" slot="0x1f" function="7"/></source></hostdev>',
      },
      'the PCI device 0000:fe:1f.7',
    ],
    [
      'a firmware that libvirt is to choose',
      { osAttributes: 'firmware="bios"' },
      '<os firmware="bios"> needs a firmware',
    ],
  ])('%s', async (_what, parts, named) => {
    await expect(allocateOutside(parts)).rejects.toMatchObject({
      code: 'DOMAIN_XML_INVALID',
      message: expect.stringContaining(named),
    })
  })

  test('all that is missing is named in one error', async () => {
    const devices = '<interface type="bridge"><source bridge="br-none"/></interface>'
    await expect(allocateOutside({ devices, os: '<kernel>/nowhere/vmlinuz</kernel>' })).rejects.toThrow(
      /\/nowhere\/vmlinuz.*br-none/,
    )
  })
})
