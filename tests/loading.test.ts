import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'
import { staticImports } from './support/static-imports.ts'

/** The modules that are libvirt's client, or only of use with libvirt. */
function ofLibvirt(modules: ReadonlySet<string>): string[] {
  return [...modules].filter((name) => /^libvirt\/|xmldom|providers\/libvirt/.test(name))
}

test('the embedded provider loads nothing of libvirt', () => {
  const modules = staticImports(
    'core/dist/providers/embedded/provider.js',
    'core/dist/providers/embedded/allocate-guest.js',
    'core/dist/providers/embedded/findings.js',
  )
  expect([...modules]).toEqual(expect.arrayContaining(['qemu/dist/qemu-process.js', 'zod']))
  expect(ofLibvirt(modules)).toEqual([])
})

test('importing @see/core loads what a guest needs of no provider', () => {
  const modules = [...staticImports('core/dist/index.js')]
  expect(modules).toEqual(expect.arrayContaining(['zod', 'core/dist/providers/libvirt/qemu/qemu.js']))
  expect(modules.filter((name) => /^libvirt\/|allocate|guest-launcher|qemu-process/.test(name))).toEqual([])
  // All other packages are imported when they are used.
  expect(modules.filter((name) => !name.includes('/')).toSorted()).toEqual(['zod'])
})

test('no built module imports a source', () => {
  const built = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    // What generates sources writes such imports.
    /^[^/]+\/dist\/(?!generate\/).*(?<!\.test)\.js$/.test(path),
  )
  expect(built.length).toBeGreaterThan(300)
  const wrong = built.filter((path) =>
    /(?:from|import\() ?['"]\.[^'"]*\.ts['"]/.test(readFileSync(join(root, 'packages', path), 'utf8')),
  )
  expect(wrong).toEqual([])
})
