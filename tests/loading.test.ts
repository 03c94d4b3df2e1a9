import { expect, test } from 'vitest'
import { staticImports } from './support/static-imports.ts'

/** The modules that are libvirt's client, or only of use with libvirt. */
function ofLibvirt(modules: ReadonlySet<string>): string[] {
  return [...modules].filter((name) => /^libvirt\/|xmldom|providers\/libvirt/.test(name))
}

test('the embedded provider loads nothing of libvirt', () => {
  const modules = staticImports('core/dist/providers/embedded/embedded.js')
  expect([...modules]).toEqual(expect.arrayContaining(['qemu/dist/qemu-process.js', 'zod']))
  expect(ofLibvirt(modules)).toEqual([])
})
