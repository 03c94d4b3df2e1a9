import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Elf } from './elf.ts'
import { hostLibraries } from './host-libraries.ts'
import { recogniseSample } from './sample-kind.ts'

const program: Elf = {
  bits: 64,
  machine: 'x86-64',
  type: 'program',
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libc.so.6'],
}

test('finds the loader and all libraries that this process was started with', async () => {
  const kind = await recogniseSample(process.execPath)
  if (kind.kind !== 'elf') throw new Error('node is no ELF program')
  const { loader, paths, missing } = await hostLibraries(kind.elf)
  expect(missing).toEqual([])
  expect(loader).toMatch(/\/ld-linux-x86-64\.so\.2$/)
  const names = paths.map((path) => path.replace(/.*\//, ''))
  const mapped = readFileSync('/proc/self/maps', 'utf8')
  for (const name of ['libc.so.6', 'libm.so.6', 'libstdc++.so.6']) {
    expect(mapped).toContain(name.replace(/\.so.*/, '.so'))
    expect(names).toContain(name)
  }
})

test('a sample cannot have other files of this host brought to it', async () => {
  const needed = ['/etc/passwd', '../../../etc/passwd', 'ld.so.conf', 'passwd', '..', '', 'modules.dep']
  expect(await hostLibraries({ ...program, interpreter: '/etc/shadow', needed })).toEqual({
    loader: undefined,
    paths: [],
    missing: needed,
  })
})

test('a library that is missing is named', async () => {
  const { missing } = await hostLibraries({ ...program, needed: ['libc.so.6', 'libnone.so.1'] })
  expect(missing).toEqual(['libnone.so.1'])
})
