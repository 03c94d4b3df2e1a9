import { expect, test } from 'vitest'
import { childOf, childrenOf, parseXml } from '../../../../common/xml.ts'
import { withMemoryFile } from './memory-file-xml.ts'

function argumentsIn(xml: string): (string | null)[] {
  const domain = parseXml(xml).documentElement
  const commandLine = domain === null ? undefined : childOf(domain, 'commandline')
  expect(commandLine?.namespaceURI).toBe('http://libvirt.org/schemas/domain/qemu/1.0')
  return commandLine === undefined
    ? []
    : childrenOf(commandLine, 'arg').map((arg) => arg.getAttribute('value'))
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

test('a guest that is to be frozen writes to the file; arguments of the user stay', () => {
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
