import { expect, test } from 'vitest'
import { parseXml } from '../../../../common/xml.ts'
import { childrenOf } from '../../../../common/xml-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'
import { withMemoryFile } from './memory-file-xml.ts'

function argumentsIn(xml: string): (string | null)[] {
  const domain = parseXml(xml).documentElement
  // As libvirt finds them: by their namespace, in all elements of the name.
  const lines = domain === null ? [] : childrenOf(domain, 'commandline', QEMU_NAMESPACE)
  return lines
    .flatMap((line) => childrenOf(line, 'arg', QEMU_NAMESPACE))
    .map((arg) => arg.getAttribute('value'))
}

test('a clone maps the file for itself and waits for its state', () => {
  const xml = withMemoryFile('<domain/>', { path: '/a,b', isClone: true }, 256)
  const memory = 'memory-backend-file,id=see0,size=256M,mem-path=/a,,b,share=off'
  expect(argumentsIn(xml)).toEqual([
    '-object',
    memory,
    '-machine',
    'memory-backend=see0',
    '-incoming',
    'defer',
  ])
  expect(xml).toContain('<qemu:del capability="cpu-unavailable-features"/>')
})

test('a guest that will be frozen writes to the file; arguments of the user stay', () => {
  const namespace = 'xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"'
  const own = `<domain ${namespace}><q:commandline><q:arg value="-mine"/></q:commandline></domain>`
  const found = argumentsIn(withMemoryFile(own, { path: '/m', isClone: false }, 64))
  expect(found).toEqual([
    '-mine',
    '-object',
    'memory-backend-file,id=see0,size=64M,mem-path=/m,share=on',
    '-machine',
    'memory-backend=see0',
  ])
})

const CLONE = ['-object', 'memory-backend-file,id=see0,size=1M,mem-path=/m,share=off', '-machine']

test.each([
  ['a command line of another hypervisor', '<domain xmlns:b="urn:b"><b:commandline/></domain>'],
  ['one without a namespace', '<domain><commandline/></domain>'],
  ['the usual prefix for something else', '<domain xmlns:qemu="urn:b"><qemu:commandline/></domain>'],
  ['two of QEMU’s', `<domain xmlns:q="${QEMU_NAMESPACE}"><q:commandline/><q:commandline/></domain>`],
])('the arguments are where libvirt finds them in XML that has %s', (_what, xml) => {
  const edited = withMemoryFile(xml, { path: '/m', isClone: true }, 1)
  expect(argumentsIn(edited)).toEqual([...CLONE, 'memory-backend=see0', '-incoming', 'defer'])
})

test.each([
  ['/a,b,,c', '/a,,b,,,,c'],
  ['/a b\n"c"&<d>\'', '/a b\n"c"&<d>\''],
])('QEMU finds a file named %j', (path, expected) => {
  const [, memory] = argumentsIn(withMemoryFile('<domain/>', { path, isClone: false }, 1))
  expect(memory).toBe(`memory-backend-file,id=see0,size=1M,mem-path=${expected},share=on`)
})
