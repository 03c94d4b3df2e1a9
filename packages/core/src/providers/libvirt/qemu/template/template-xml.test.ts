import { expect, test } from 'vitest'
import { parseXml } from '../../../../common/xml.ts'
import { childOf, childrenOf } from '../../../../common/xml-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'
import { templateXml } from './template-xml.ts'

const NAMESPACE = `xmlns:qemu="${QEMU_NAMESPACE}"`

test.each([
  ['no word of one', ''],
  ['one that reports free pages', '<memballoon model="virtio" freePageReporting="on"/>'],
  ['several', '<memballoon model="virtio"/><memballoon model="virtio"/>'],
  ['no devices', undefined],
])('there is no balloon where the XML has %s', (_what, devices) => {
  const xml = devices === undefined ? '<domain/>' : `<domain><devices>${devices}<rng/></devices></domain>`
  const domain = parseXml(templateXml(xml)).documentElement
  const found = domain === null ? undefined : childOf(domain, 'devices')
  const balloons = found === undefined ? [] : childrenOf(found, 'memballoon')
  expect(balloons.map((each) => [each.getAttribute('model'), each.attributes.length])).toEqual([['none', 1]])
  expect(found === undefined ? undefined : childOf(found, 'rng') !== undefined).toBe(devices !== undefined)
})

test.each(['memoryBacking', 'maxMemory', 'numatune'])('a guest with <%s> is refused', (name) => {
  expect(() => templateXml(`<domain><${name}/></domain>`)).toThrow(`<${name}>`)
})

test.each([
  ['<memory>', '<memory model="virtio-mem"/>'],
  ['<memory>', '<memory model="virtio-pmem"/>'],
  ['<tpm>', '<tpm model="tpm-crb"><backend type="emulator"/></tpm>'],
  ['<shmem>', '<shmem name="all"><model type="ivshmem-plain"/></shmem>'],
  ['<interface type="vhostuser">', '<interface type="user"/><interface type="vhostuser"/>'],
  ['<disk type="vhostuser">', '<disk type="vhostuser"/>'],
  ['virtiofs', '<filesystem><driver type="virtiofs"/></filesystem>'],
  ['<video> of vhostuser', '<video><driver name="vhostuser"/></video>'],
])('a guest with a device that shares its memory, or has keys, is refused: %s', (named, device) => {
  const xml = `<domain><devices>${device}</devices></domain>`
  expect(() => templateXml(xml)).toThrow(named)
})

const withArgument = (value: string) =>
  `<domain ${NAMESPACE}><qemu:commandline><qemu:arg value='-device'/><qemu:arg value='${value}'/></qemu:commandline></domain>`

test.each([
  'virtio-balloon-pci',
  '{"driver":"virtio-balloon-pci"}',
  'virtio-mem-pci,memdev=m',
  'memory-backend-file,id=m',
  'vhost-user-fs-pci,chardev=c',
  '-numa',
])('an argument of the user’s for such a device is refused: %s', (value) => {
  expect(() => templateXml(withArgument(value))).toThrow('<qemu:arg>')
})

test('other arguments of the user’s stay', () => {
  expect(templateXml(withArgument('edu'))).toContain('"edu"')
})

const lines = (prefix: string, namespace: string, value: string) =>
  `<domain xmlns:${prefix}="${namespace}"><${prefix}:commandline><${prefix}:arg value="${value}"/></${prefix}:commandline></domain>`

test('arguments are known by their namespace, whatever its prefix; those of others are no arguments of QEMU’s', () => {
  const argument = '--numa'
  expect(() => templateXml(lines('q', QEMU_NAMESPACE, argument))).toThrow('<qemu:arg> "--numa"')
  expect(() => templateXml(lines('qemu', 'urn:b', argument))).not.toThrow()
  const two = lines('q', QEMU_NAMESPACE, 'edu').replace(
    '</domain>',
    `<q:commandline><q:arg/><q:arg value="a"/><q:arg value="nvdimm"/></q:commandline></domain>`,
  )
  expect(() => templateXml(two)).toThrow('"nvdimm"')
})

test('a long argument is cut in the message, and has no line breaks there', () => {
  const long = lines('q', QEMU_NAMESPACE, `pc-dimm,&#10;${'x'.repeat(500)}`)
  expect(() => templateXml(long)).toThrow(
    /^a guest with the <qemu:arg> "pc-dimm,\\nx{71}" cannot be a template/,
  )
})

test.each(['-m', '-name', '-mem', 'mem-path', 'guest=-mem-path', '-readconfig-not', 'virtio-net-pci'])(
  'an argument of another kind stays: %s',
  (value) => {
    expect(templateXml(withArgument(value))).toContain(`"${value}"`)
  },
)

test.each([
  '<interface type="network"/>',
  '<disk type="file"/>',
  '<filesystem type="mount"><source dir="/a"/></filesystem>',
  '<filesystem><driver type="path"/></filesystem>',
  '<video><model type="virtio"/></video>',
  '<!-- <tpm/> -->',
  '<controller><memory/></controller>',
  '<x:shmem xmlns:x="urn:x"/>',
])('a device that shares nothing stays: %s', (device) => {
  expect(templateXml(`<domain><devices>${device}</devices></domain>`)).toBe(
    `<domain><devices>${device}<memballoon model="none"/></devices></domain>`,
  )
})

test('the second device is looked at as the first is', () => {
  const devices = '<disk type="file"/><disk type="vhostuser"/>'
  expect(() => templateXml(`<domain><devices>${devices}</devices></domain>`)).toThrow(
    '<disk type="vhostuser">',
  )
})
