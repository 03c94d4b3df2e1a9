import { expect, test } from 'vitest'
import { editDomainXml } from '../domain-xml.ts'

const identifier = '11111111-2222-4333-8444-555555555555'
const edited = (devices: string, rest = '', os = '') =>
  editDomainXml(`<domain>${rest}<os>${os}</os><devices>${devices}</devices></domain>`, {
    identifier,
    disk: undefined,
    network: undefined,
    macAddress: '52:54:00:01:02:03',
  })

const nvram = (os: string) => /<nvram[^>]*>/.exec(edited('', '', os).xml)?.[0].replace('/>', '>')
const sysinfo = (uuid: string) =>
  `<sysinfo type="smbios"><system><entry name="serial">s</entry><entry name="uuid">${uuid}</entry></system></sysinfo>`

test.each([
  [
    '<channel type="unix"><source mode="bind" path="/a"/><log file="/b"/><target name="x"/></channel>',
    '<channel type="unix"><target name="x"/></channel>',
  ],
  [
    '<serial type="tcp"><source mode="bind" host="0.0.0.0" service="1"/><protocol type="raw"/><target port="0"/></serial>',
    '<serial type="pty"><target port="0"/></serial>',
  ],
  ['<parallel type="dev"><source path="/dev/parport0"/></parallel>', '<parallel type="pty"/>'],
  ['<console type="pty"><log file="/b"/></console>', '<console type="pty"/>'],
  [
    '<rng model="virtio"><backend model="egd" type="tcp"><source mode="connect" host="h" service="1"/></backend></rng>',
    '<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>',
  ],
  [
    '<graphics type="spice" port="5900" tlsPort="5901" autoport="no"/>',
    '<graphics type="spice" autoport="yes"/>',
  ],
  ['<audio id="1" type="file" path="/a.wav"/>', '<audio id="1" type="none"/>'],
  [
    '<tpm><backend type="emulator" version="2.0"/></tpm>',
    '<tpm><backend type="emulator" version="2.0" persistent_state="yes"/></tpm>',
  ],
  ['<vsock><cid auto="no" address="3"/></vsock>', '<vsock><cid auto="yes"/></vsock>'],
  [
    '<interface type="bridge"><mac address="m"/><target dev="tap0"/></interface>',
    '<interface type="bridge"><mac address="52:54:00:01:02:03"/><target/></interface>',
  ],
])('is the environment’s own: %s', (given, expected) => {
  const { xml, changes } = edited(given)
  expect(xml).toContain(`<devices>${expected}</devices>`)
  expect(changes).not.toEqual([])
})

test.each([
  '<channel type="unix"><target type="virtio" name="x"/></channel>',
  '<channel type="spicevmc"/>',
  '<serial type="pty"/>',
  '<redirdev bus="usb" type="spicevmc"/>',
  '<smartcard mode="passthrough" type="spicevmc"/>',
  '<graphics type="vnc" autoport="yes" listen="127.0.0.1"/>',
  '<memory model="dimm"/>',
  '<memory model="nvdimm"><source><path>/a</path></source><target><readonly/></target></memory>',
  '<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>',
  '<hostdev mode="subsystem" type="usb"/>',
  '<filesystem type="mount"><source dir="/srv"/><target dir="a"/></filesystem>',
])('stays as it is: %s', (given) => {
  const { xml, changes } = edited(given)
  expect([xml.includes(`<devices>${given}</devices>`), changes]).toEqual([true, []])
})

test.each([
  [
    '<channel type="unix"><source path="/a"/><target type="guestfwd"/></channel>',
    '<channel> with <target type="guestfwd">',
  ],
  ['<smartcard mode="host"/>', '<smartcard>'],
  ['<smartcard mode="passthrough" type="tcp"/>', '<smartcard>'],
  ['<redirdev bus="usb" type="tcp"/>', '<redirdev>'],
  [
    '<tpm><backend type="passthrough"><device path="/dev/tpm0"/></backend></tpm>',
    '<tpm><backend> other than emulator',
  ],
  ['<tpm><backend type="external"/></tpm>', '<tpm><backend> other than emulator'],
  ['<shmem name="all"/>', '<shmem>'],
  ['<memory model="nvdimm"><source><path>/a</path></source></memory>', '<memory> of model nvdimm'],
  ['<filesystem><driver type="virtiofs"/><source socket="/run/a.sock"/></filesystem>', '<filesystem>'],
])('is refused by name: %s', (given, named) => {
  expect(() => edited(given)).toThrow(named)
})

const FLASH = '/usr/share/OVMF/OVMF_CODE.fd</loader>'

test.each([
  `<loader type="pflash">${FLASH}`,
  `<loader type="pflash" readonly="no">${FLASH}`,
  `<loader type="pflash" secure="yes">${FLASH}<nvram/>`,
])('a firmware that the guest could write is refused: %s', (os) => {
  expect(() => edited('', '', os)).toThrow('<os><loader>')
})

test.each([
  `<loader type="pflash" readonly="yes">${FLASH}`,
  `<loader type="rom">${FLASH}`,
  `<loader>${FLASH}`,
  '<loader secure="yes"/>',
  '<loader type="pflash"/>',
])('a firmware that is only read stays: %s', (os) => {
  expect(edited('', '', os).xml).toContain(os)
})

test('variables of a firmware in a block device are refused', () => {
  expect(() => edited('', '', '<nvram type="block"><source dev="/dev/sdz"/></nvram>')).toThrow('<os><nvram>')
})

test('a file of variables is only a template, in either way to write it; a missing one gives way to the given template', () => {
  expect(nvram('<nvram template="/t">/etc/passwd</nvram>')).toBe('<nvram template="/etc/passwd">')
  expect(nvram('<nvram type="file"><source file="/etc/passwd"/></nvram>')).toBe(
    '<nvram template="/etc/passwd">',
  )
  expect(nvram('<nvram template="/t">/nowhere/VARS.fd</nvram>')).toBe('<nvram template="/t">')
})

test('the UUID that the guest is shown follows, other numbers stay', () => {
  expect(edited('', sysinfo('59bca235-1234-4567-89ab-0123456789ab')).xml).toContain(sysinfo(identifier))
})

test('a label that libvirt gave a guest elsewhere is left out, the user’s own stays', () => {
  const own = '<seclabel type="static" model="dac" relabel="no"><label>+1:+1</label></seclabel>'
  const theirs = '<seclabel type="dynamic" model="selinux" relabel="yes"><label>system_u</label></seclabel>'
  expect(edited('', theirs + own).xml).not.toContain('selinux')
  expect(edited('', theirs + own).xml).toContain(own)
})

const display = (attributes: string, children = '') => {
  const given = `<graphics type="vnc" ${attributes}>${children}</graphics>`
  return /<graphics.*(?=<\/devices>)/.exec(edited(given).xml)?.[0]
}

test.each([
  ['every address', 'listen="0.0.0.0"', '', 'listen="0.0.0.0" autoport="yes"/>'],
  ['every address of IPv6', 'listen="::"', '', 'listen="::" autoport="yes"/>'],
  [
    'an address that this host does not have',
    'listen="203.0.113.7"',
    '',
    'listen="127.0.0.1" autoport="yes"/>',
  ],
  ['a name', 'listen="example.test"', '', 'listen="127.0.0.1" autoport="yes"/>'],
  ['no address', 'listen=""', '', 'listen="" autoport="yes"/>'],
  [
    'a port and one for browsers',
    'port="5900" websocket="5700" passwd="p"',
    '',
    'websocket="-1" passwd="p" autoport="yes"/>',
  ],
  [
    'several places to listen at',
    'port="5900"',
    '<listen type="address" address="203.0.113.7"/><listen type="network" network="n"/><listen type="address"/>',
    'autoport="yes"><listen type="address" address="127.0.0.1"/><listen type="address" address="127.0.0.1"/><listen type="address"/></graphics>',
  ],
  [
    'a socket',
    'socket="/run/a"',
    '<listen type="socket" socket="/run/a"/>',
    'autoport="yes"><listen type="socket"/></graphics>',
  ],
  [
    'a socket that is said once',
    '',
    '<listen type="socket" socket="/run/a"/>',
    'autoport="yes"><listen type="socket"/></graphics>',
  ],
  ['nothing', '', '<listen type="none"/>', 'autoport="yes"><listen type="none"/></graphics>'],
])('a display that listens at %s', (_what, attributes, children, expected) => {
  expect(display(attributes, children)).toBe(`<graphics type="vnc" ${expected}`)
})

const serial = (path: string) => `<serial type="file"><source path="${path}"/><source path="/c"/></serial>`

test('each of several ports is the environment’s own, and each change is logged once', () => {
  const { xml, changes } = edited(`${serial('/a')}<serial type="pty"/>${serial('/b')}`)
  expect(xml).toContain('<devices><serial type="pty"/><serial type="pty"/><serial type="pty"/></devices>')
  expect(changes).toHaveLength(2)
  expect(changes[0]).toMatch(/^<serial> of type unix, .*nmdm is the environment's own: /)
})

test('parts of a second <devices> are made the environment’s own as well', () => {
  const given = '<domain><devices/><devices><shmem name="a"/></devices></domain>'
  const edit = { identifier, disk: undefined, network: undefined, macAddress: '52:54:00:01:02:03' }
  expect(() => editDomainXml(given, edit)).toThrow('<shmem>')
})

test('elements of another namespace, in comments or elsewhere are no parts', () => {
  const given = '<x:shmem xmlns:x="urn:x"/><!-- <shmem/> --><controller><shmem/></controller>'
  const { xml, changes } = edited(given, '<metadata><devices><shmem/></devices></metadata>')
  expect(xml).toContain(given)
  expect(changes).toEqual([])
})

test.each([
  ['<lease><lockspace>a</lockspace></lease>', '<lease> is left out'],
  ['<serial type="pty"><log file="/a"/></serial>', '<serial><log> is left out'],
])('left out, in words: %s', (given, words) => {
  const { xml, changes } = edited(given)
  expect(changes).toEqual([expect.stringContaining(words)])
  expect(xml).not.toMatch(/<lease|<log/)
})

test.each([
  ['<nvram><![CDATA[ /etc/passwd ]]></nvram>', '<nvram template="/etc/passwd">'],
  ['<nvram>/etc</nvram>', '<nvram>'],
  ['<nvram/>', '<nvram>'],
  ['<nvram template="/t"/>', '<nvram template="/t">'],
  ['<nvram type="file"><source file=" "/></nvram>', '<nvram>'],
])('of the variables in %s the template is %s', (given, expected) => {
  expect(nvram(given)).toBe(expected)
})

test.each([
  ['<label>a</label>', false],
  ['', true],
])('a label of no type with %s stays: %s', (label, stays) => {
  const given = `<seclabel model="selinux">${label}</seclabel>`
  expect(edited('', given).xml.includes('selinux')).toBe(stays)
})
