import { describe, expect, test } from 'vitest'
import { editDomainXml } from './domain-xml.ts'

const identifier = '11111111-2222-4333-8444-555555555555'
const users = `<?xml version="1.0"?>
<!-- kept -->
<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>mine</name>
  <memory unit="MiB">256</memory>
  <metadata><my:thing xmlns:my="urn:mine" a="1"/></metadata>
  <devices>
    <!-- the CD stays in its drive -->
    <disk type="file" device="cdrom"><source file="/iso"/><target dev="sda"/></disk>
    <disk type="block"><driver name="qemu" type="raw" cache="none"/><source dev="/dev/sdz"/><target dev="vda"/></disk>
    <disk type="file" device="disk"><source file="/second"/><target dev="vdb"/></disk>
    <interface type="bridge"><mac address="52:54:00:aa:bb:cc"/><source bridge="br0"/><model type="e1000"/></interface>
    <interface type="user"><mac address="52:54:00:aa:bb:cd"/></interface>
  </devices>
  <qemu:commandline><qemu:arg value="-no-hpet"/></qemu:commandline>
</domain>`
const edit = {
  identifier,
  disk: { path: '/pool/a&b.qcow2', format: 'qcow2' },
  network: { name: identifier, device: undefined, filter: undefined },
  macAddress: '52:54:00:01:02:03',
}

const addressesIn = (text: string) =>
  Array.from(text.matchAll(/<mac address="([^"]*)"/g), ([, address]) => address)

describe("the user's XML", () => {
  const { xml, macAddress, hasAgent } = editDomainXml(users, edit)

  test('gets the name and UUID of the environment', () => {
    expect(xml).toContain(`<name>${identifier}</name>`)
    expect(xml).toContain(`<uuid>${identifier}</uuid>`)
    expect(xml).not.toContain('mine</name>')
  })

  test('gets the clone as the source of its first hard disk, and of no other', () => {
    expect(xml).toContain(
      '<driver name="qemu" type="qcow2" cache="none"/><source file="/pool/a&amp;b.qcow2"/>',
    )
    expect(xml).not.toContain('/dev/sdz')
    expect(xml).toContain('<source file="/iso"/>')
    expect(xml).toContain('<source file="/second"/>')
  })

  test('gets the network as the source of its first interface', () => {
    expect(xml).toContain(`<source network="${identifier}"/><model type="e1000"/>`)
    expect(xml).not.toContain('br0')
    expect(xml).toContain('<interface type="user">')
  })

  test('keeps comments, namespaces and elements that mean nothing to us', () => {
    for (const kept of [
      '<!-- kept -->',
      '<!-- the CD stays in its drive -->',
      '<my:thing xmlns:my="urn:mine" a="1"/>',
      'xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"',
      '<qemu:commandline><qemu:arg value="-no-hpet"/></qemu:commandline>',
      '<memory unit="MiB">256</memory>',
    ]) {
      expect(xml).toContain(kept)
    }
  })

  test('gives its first interface the given address, and every other a fresh one each time', () => {
    const [first, second] = addressesIn(xml)
    expect([first, macAddress]).toEqual(['52:54:00:01:02:03', '52:54:00:01:02:03'])
    expect(second).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/)
    expect(second).not.toBe('52:54:00:aa:bb:cd')
    expect(addressesIn(editDomainXml(users, edit).xml)[1]).not.toBe(second)
  })

  test('says whether the first interface is on a network that knows its addresses', () => {
    expect(editDomainXml(users, edit).isOnNetwork).toBe(true)
    expect(editDomainXml(users, { ...edit, network: undefined }).isOnNetwork).toBe(false)
    expect(editDomainXml(users, { ...edit, network: 'none' }).isOnNetwork).toBe(false)
  })

  test('says whether there is a guest agent', () => {
    const channel =
      '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel></devices>'
    expect(hasAgent).toBe(false)
    expect(editDomainXml(users.replace('</devices>', channel), edit).hasAgent).toBe(true)
  })
})

test('the disk’s backing chain is written out to its end, and no file of it changes its owner', () => {
  const backing = { path: '/a&b', format: 'qcow2', backing: { path: '/c', format: 'raw' } }
  const { xml } = editDomainXml(users, { ...edit, disk: { ...edit.disk, backing } })
  const keep = '<seclabel model="dac" relabel="no"/>'
  expect(xml).toContain(
    `<backingStore type="file"><format type="qcow2"/><source file="/a&amp;b">${keep}</source><backingStore type="file"><format type="raw"/><source file="/c">${keep}</source><backingStore/></backingStore></backingStore></disk>`,
  )
  expect(editDomainXml(users, edit).xml.match(/<backingStore\/>/g)).toHaveLength(1)
})

test('folders are mounted behind the file systems of the XML', () => {
  const given = '<domain><devices><filesystem><target dir="/"/></filesystem></devices></domain>'
  const filesystems = [{ sourcePath: '/a&b', targetPath: '/c' }]
  const { xml } = editDomainXml(given, { ...edit, disk: undefined, network: undefined, filesystems })
  expect(xml).toContain(
    '<filesystem><target dir="/"/></filesystem><filesystem type="mount"><source dir="/a&amp;b"/><target dir="/c"/></filesystem>',
  )
})

test('without a disk or network to set, those of the XML stay', () => {
  const { xml } = editDomainXml(users, { ...edit, disk: undefined, network: undefined })
  expect(xml).toContain('<source dev="/dev/sdz"/>')
  expect(xml).toContain('<source bridge="br0"/>')
})

test.each(['transient', 'shareable', 'mirror'])('the first disk is not <%s>, others are', (name) => {
  const marked = users.replaceAll(/(<target dev="vd.")\/>/g, `$1/><${name}/>`)
  expect(marked.match(new RegExp(`<${name}/>`, 'g'))).toHaveLength(2)
  const { xml } = editDomainXml(marked, edit)
  expect(xml.match(new RegExp(`<target dev="vda"/>|<target dev="vdb"/><${name}/>|<${name}/>`, 'g'))).toEqual([
    '<target dev="vda"/>',
    `<target dev="vdb"/><${name}/>`,
  ])
})

test('a generation ID is another each time, and none is added', () => {
  const withId = users.replace('<name>', '<genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid><name>')
  const idIn = () => /<genid>([0-9a-f-]{36})<\/genid>/.exec(editDomainXml(withId, edit).xml)?.[1]
  const ids = [idIn(), idIn(), '43dc0cf8-809b-4adb-9bea-a9abb5f3d90e']
  expect(ids).not.toContain(undefined)
  expect(new Set(ids).size).toBe(3)
  expect(editDomainXml(users, edit).xml).not.toContain('genid')
})

test('a filter holds for the first interface, which must not have one of its own', () => {
  const filtered = { ...edit, network: { name: identifier, device: 'see-1', filter: 'see-filter' } }
  const { xml } = editDomainXml(users, filtered)
  expect(xml).toContain('<target dev="see-1"/>')
  expect(xml).toContain('<model type="e1000"/><filterref filter="see-filter"/></interface>')
  const own = users.replace('<model type="e1000"/>', '<filterref filter="clean-traffic"/>')
  expect(() => editDomainXml(own, filtered)).toThrow('<filterref> of its own')
})

test('without a network, there is no interface', () => {
  const { xml, macAddress } = editDomainXml(users, { ...edit, network: 'none' })
  expect(xml).not.toContain('<interface')
  expect(macAddress).toBeUndefined()
})

test.each([
  ['<domain><devices/></domain>', 'no <disk'],
  ['<domain><devices><disk/></devices></domain>', 'no <interface>'],
  ['<network/>', 'not <domain>'],
  ['<domain>\n<devices>\n</domain>', 'line 2: Opening and ending tag mismatch'],
  ['<domain>\n<name a=1/></domain>', 'line 2'],
  ['not XML at all', 'malformed XML'],
  ['', 'malformed XML'],
])('%j is refused', (xml, problem) => {
  expect(() => editDomainXml(xml, edit)).toThrow(problem)
})

const xmlOf = (devices: string, changes = {}) =>
  editDomainXml(`<domain><devices>${devices}</devices></domain>`, { ...edit, ...changes }).xml

describe('of what the first disk and interface were before', () => {
  const card = '<interface type="user"/>'

  test('the disk keeps what belongs to the drive', () => {
    const drive =
      '<target dev="vda" bus="virtio"/><iotune><total_iops_sec>5</total_iops_sec></iotune><serial>s</serial><boot order="1"/><address type="pci" slot="0x05"/>'
    const given = `<disk type="network" device="disk" snapshot="no" rawio="yes"><driver name="qemu" type="raw" cache="none" copy_on_read="on"><metadata_cache/></driver><auth username="u"><secret type="ceph"/></auth><source protocol="rbd" name="a"><host name="h"/></source><encryption format="luks"/><readonly/>${drive}</disk>`
    expect(xmlOf(given + card)).toContain(
      `<disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="none"/><source file="/pool/a&amp;b.qcow2"/>${drive}<backingStore/></disk>`,
    )
  })

  test('the interface keeps what belongs to the card, and what holds on any network', () => {
    const kept =
      '<mac address="52:54:00:01:02:03"/><model type="virtio"/><mtu size="1450"/><bandwidth><inbound average="1"/></bandwidth><link state="up"/><boot order="2"/><filterref filter="mine"/>'
    const given = `<disk/><interface type="bridge" trustGuestRxFilters="yes"><source bridge="br-int"/><virtualport type="openvswitch"/><vlan><tag id="1"/></vlan><target dev="tap0"/><driver name="vhost" queues="4"/><script path="no"/>${kept}</interface>`
    expect(xmlOf(given)).toContain(
      `<interface type="network"><source network="${identifier}"/>${kept}</interface>`,
    )
    const sunk = xmlOf(given, { network: { sinkholePort: 7 } })
    expect(sunk).toContain(
      '<link state="up"/><boot order="2"/><source address="127.0.0.1" port="7"/></interface>',
    )
    expect(sunk).not.toContain('mtu')
  })
})

describe('elements of another namespace, which libvirt does not see', () => {
  const foreign = `<domain xmlns:x="urn:x"><x:name>x</x:name><x:uuid>y</x:uuid><name>mine</name><uuid>z</uuid>
    <x:devices><disk/></x:devices>
    <devices>
      <x:disk device="disk"><source file="/x"/></x:disk><x:interface type="user"/>
      <disk><x:source file="/x"/><x:driver cache="x"/><source file="/y"/></disk>
      <interface type="bridge"><x:mac address="x"/><x:source bridge="x"/><source bridge="y"/></interface>
    </devices></domain>`
  const { xml } = editDomainXml(foreign, edit)

  test('are not taken for those of the guest', () => {
    expect(xml).toContain(`<name>${identifier}</name><uuid>${identifier}</uuid>`)
    expect(xml).toContain('<x:name>x</x:name><x:uuid>y</x:uuid>')
    expect(xml).toContain('<x:disk device="disk"><source file="/x"/></x:disk><x:interface type="user"/>')
  })

  test('are not left in the disk and the interface that the guest is given', () => {
    expect(xml).toContain(
      '<disk type="file"><driver name="qemu" type="qcow2"/><source file="/pool/a&amp;b.qcow2"/><backingStore/></disk>',
    )
    expect(xml).toContain(
      `<interface type="network"><mac address="52:54:00:01:02:03"/><source network="${identifier}"/></interface>`,
    )
  })
})

test('several <devices> become one, as libvirt reads them', () => {
  const given =
    '<domain><devices><!-- one --><disk/></devices><os/><devices>two<interface type="user"/><disk><source file="/y"/><target dev="vdb"/></disk></devices><devices/></domain>'
  const otherDisks = new Map([['vdb', { path: '/pool/b', format: 'qcow2' }]])
  const { xml } = editDomainXml(given, { ...edit, otherDisks })
  expect(xml.match(/<devices/g)).toHaveLength(1)
  expect(xml).toContain('<devices><!-- one --><disk type="file">')
  expect(xml).toContain('<source file="/pool/b"/><target dev="vdb"/>')
  expect(xml).toContain(`two<interface type="network"><mac address="52:54:00:01:02:03"/>`)
  expect(xml).not.toMatch(/"user"|"\/y"/)
})

const drive = (file: string, label = '') =>
  `<disk device="cdrom"><source file="${file}">${label}</source><target dev="sda"/></disk>`

describe('disks beside the first', () => {
  const first = '<disk><target dev="vda"/></disk>'
  const second =
    '<disk type="block"><driver type="raw" cache="none"/><source dev="/dev/sdz"><seclabel model="selinux"/></source><target dev="vdb"/></disk>'
  const changes = { network: undefined }

  test('are overlays by the names of their targets; one of which nothing is known stays', () => {
    const otherDisks = new Map([
      ['vdb', { path: '/o', format: 'qcow2' }],
      ['vdx', { path: '/x', format: 'qcow2' }],
    ])
    const third = second.replace('vdb', 'vdc').replace('sdz', 'sdy')
    const given = xmlOf(first + second + third, { ...changes, otherDisks })
    expect(given).toContain(
      '<disk type="file"><driver type="qcow2" cache="none" name="qemu"/><source file="/o"/><target dev="vdb"/><backingStore/></disk>',
    )
    expect(given).toContain(third)
    expect(given).not.toContain('/x')
  })

  test('are read-only, whether the first is the guest’s own or not', () => {
    const otherDisks = 'read-only'
    const given = xmlOf(first + second, { ...changes, otherDisks })
    expect(given.match(/<readonly\/>/g)).toHaveLength(1)
    expect(given).toContain('<target dev="vdb"/><readonly/></disk>')
    expect(xmlOf(second, { ...changes, disk: undefined, otherDisks })).toContain(
      '<target dev="vdb"/><readonly/></disk>',
    )
  })

  test('that guests only read keep their owners, if QEMU’s user can read them', () => {
    const readable = new Set(['/a&b'])
    const keep = '<seclabel model="dac" relabel="no"/>'
    const given = xmlOf(
      first + drive('/a&amp;b', '<seclabel model="selinux"/>') + drive('/c') + '<disk device="cdrom"/>',
      { ...changes, readable },
    )
    expect(given).toContain(`<source file="/a&amp;b">${keep}</source>`)
    expect(given.match(new RegExp(keep, 'g'))).toHaveLength(1)
  })
})

describe('several interfaces', () => {
  const cards =
    '<interface type="user"/><interface type="bridge"><source bridge="b"/><target dev="t"/><filterref filter="f"/></interface><interface type="user"/>'
  const other = { name: 'n2', device: 'see-2', filter: undefined, isolated: true }
  const changes = { disk: undefined }

  test('are put on the network each, with the address of its place; those beyond stay', () => {
    const others = [{ interface: other, macAddress: '52:54:00:00:00:99' }]
    const given = xmlOf(cards, { ...changes, others })
    expect(given).toContain(
      '<interface type="network"><mac address="52:54:00:00:00:99"/><port isolated="yes"/><target dev="see-2"/><source network="n2"/><filterref filter="f"/></interface>',
    )
    expect(given.match(/type="user"/g)).toHaveLength(1)
  })

  test('have no filter each beside their own', () => {
    const others = [{ interface: { ...other, filter: 'mine' }, macAddress: 'm' }]
    expect(() => xmlOf(cards, { ...changes, others })).toThrow('<filterref> of its own')
  })

  test('are all removed where the environment has none', () => {
    const given = xmlOf(cards, { ...changes, network: 'none' })
    expect(given).toBe(`<domain><name>${identifier}</name><uuid>${identifier}</uuid><devices/></domain>`)
  })

  test('have different addresses', () => {
    const given = xmlOf('<interface type="user"/>'.repeat(5), { ...changes, network: undefined })
    const addresses = addressesIn(given)
    expect(addresses).toHaveLength(5)
    expect(new Set(addresses).size).toBe(5)
  })
})

describe('a container', () => {
  const changes = { disk: undefined, isContainer: true }

  test('has a network of its own, even without an interface, and features once', () => {
    expect(xmlOf('', { ...changes, network: undefined })).toContain('<features><privnet/></features>')
    const given = '<domain><features><acpi/><privnet/></features></domain>'
    const { xml } = editDomainXml(given, { ...edit, ...changes, network: undefined })
    expect(xml).toContain('<features><acpi/><privnet/></features>')
  })

  test('has devices of known names, and keeps the network that it is given', () => {
    const inside = '<guest dev="eth0"/><ip address="10.0.0.2"/><route gateway="10.0.0.1"/>'
    const given = xmlOf(
      `<interface type="bridge">${inside}<target dev="mine"/></interface><interface type="network"/><interface type="direct"/>`,
      changes,
    )
    expect(given).toContain(inside)
    expect(Array.from(given.matchAll(/<target dev="([^"]*)"/g), ([, dev]) => dev)).toEqual([
      'see-11111111',
      'see-11111111-2',
    ])
  })

  test('of QEMU has none of that', () => {
    const given = xmlOf('<interface type="bridge"><ip address="10.0.0.2"/></interface>', { disk: undefined })
    expect(given).not.toMatch(/privnet|<ip|<target/)
  })
})

test('what is the guest’s own already stays as it is', () => {
  const given = '<channel type="unix"><source path="/a"/></channel><vsock><cid address="3"/></vsock>'
  const changes = { disk: undefined, network: undefined }
  expect(xmlOf(given, { ...changes, isUsersOwn: true })).toContain(given)
  expect(xmlOf(given, changes)).not.toContain('/a')
})

test('a copy of the firmware’s variables is named, in XML that says nothing of them as well', () => {
  const changes = { ...edit, disk: undefined, network: undefined, variables: '/a&b' }
  for (const given of ['<domain/>', '<domain><os><nvram>/old<!-- a --></nvram></os></domain>']) {
    expect(editDomainXml(given, changes).xml).toContain('<os><nvram>/a&amp;b</nvram></os>')
  }
})
