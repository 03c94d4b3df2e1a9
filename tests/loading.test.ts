import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'
import { staticImports } from './support/static-imports.ts'

/** What `import '@see/core'` loads of ours, and zod. */
const MOST_MODULES = 153

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
  // What works with a guest, a template, a sample or hooks is loaded by the first call.
  const later =
    /channel|file-lock|load-hooks|hook-manager|warm-sandbox|manifest\.|bring-|read-|elf\.|keystone\./
  expect(modules.filter((name) => later.test(name))).toEqual([])
  // Each costs its importers half a millisecond. Load what a new one is for when it is used, before you raise this.
  expect(modules.length).toBeLessThanOrEqual(MOST_MODULES)
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
