import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeSample, recogniseSample } from './sample-kind.ts'

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'see-kinds-'))))
afterAll(() => rm(folder, { recursive: true }))

const recognised = async (name: string, content: string | Buffer) => {
  const path = join(folder, name)
  await writeFile(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content)
  return describeSample(await recogniseSample(path))
}

const pe = `MZ${'\0'.repeat(58)}\x40\0\0\0PE\0\0`
const zipOf = (first: string) =>
  `PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(first.length)}\0\0\0${first}\0`

test.each([
  ['a.sh', '#!/bin/sh\necho', 'script of /bin/sh'],
  ['a', '#! /usr/bin/env -S LANG=C python3 -u\n', 'script of python3'],
  ['a', '#!/bin/bash\r\n', 'script of /bin/bash'],
  ['self-extracting', '#!/bin/sh\nexit\n\0\0\0', 'script of /bin/sh'],
  ['a.py', 'print(1)', 'script of python3'],
  ['a.PL', 'print 1', 'script of perl'],
  ['a', 'echo hello', 'text, which a shell runs'],
  ['empty', '', 'text, which a shell runs'],
  ['#!', '#!', 'text, which a shell runs'],
  ['a.txt', 'hello', 'text document'],
  ['a', '<!DOCTYPE html><p>', 'text document'],
  ['a.bat', '@echo off', 'Windows script (.bat)'],
  ['a', pe, 'Windows program (PE)'],
  ['a.dll', `MZ${'\0'.repeat(62)}`, 'DOS or Windows program (MZ)'],
  ['a', 'MZ is how this text begins', 'text, which a shell runs'],
  ['a', '%PDF-1.7\n', 'PDF document'],
  ['a', 'rubbish before %PDF-1.7', 'PDF document'],
  ['a', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'OLE document (Office 97 to 2003, MSI)'],
  ['a', zipOf('[Content_Types].xml'), 'Office document (OOXML)'],
  ['a.docm', zipOf('docProps/app.xml'), 'Office document (OOXML)'],
  ['a', zipOf('META-INF/MANIFEST.MF'), 'Java archive'],
  ['a', zipOf('hello.sh'), 'zip archive'],
  ['a', '7z\xbc\xaf\x27\x1c', '7z archive'],
  ['a', `${'\0'.repeat(257)}ustar`, 'tar archive'],
  ['a', 'MSCF\0\0\0\0', 'cab archive'],
  ['a', 'Rar!\x1a\x07\x01\0', 'rar archive'],
  ['a', `${'\0'.repeat(32_769)}CD001`, 'image of a disc'],
  ['a', `${'\0'.repeat(32_769)}BEA01`, 'image of a disc'],
  ['a', '\x1f\x8b\x08', 'gzip archive'],
  ['a', '\x28\xb5\x2f\xfd', 'zstd archive'],
  ['a', '\x89PNG\r\n\x1a\n', 'PNG image'],
  ['a', '\x01\0\x02', 'file of an unknown kind'],
  [
    'a',
    `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\xb7\0${'\0'.repeat(44)}`,
    'ELF program for ARM 64, 64 bits',
  ],
  [
    'a',
    `\x7fELF\x01\x02\x01${'\0'.repeat(9)}\0\x02\0\x08${'\0'.repeat(32)}`,
    'ELF program for MIPS, 32 bits',
  ],
  [
    'a',
    `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x04\0\x3e\0${'\0'.repeat(44)}`,
    'ELF core dump for x86-64, 64 bits',
  ],
])('%s with %j is a %s', async (name, content, what) => {
  expect(await recognised(name, content)).toBe(what)
})

test('what an ELF program needs is read from it', async () => {
  const kind = await recogniseSample(process.execPath)
  expect(kind).toMatchObject({
    kind: 'elf',
    elf: { type: 'program', bits: 64, interpreter: '/lib64/ld-linux-x86-64.so.2' },
  })
  expect(describeSample(kind)).toMatch(/^ELF program for x86-64, 64 bits, needs .*libc\.so\.6/)
})

test('no content makes it fail', { timeout: 60_000 }, async () => {
  const path = join(folder, 'any')
  const start = fc.constantFrom('', '\x7fELF\x02\x01\x01', '\x7fELF\x01\x01\x01', 'PK\x03\x04', 'MZ', '#!')
  const program = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(start, program, async (beginning, rest) => {
      await writeFile(path, Buffer.concat([Buffer.from(beginning, 'latin1'), rest]))
      expect(describeSample(await recogniseSample(path))).not.toBe('')
    }),
    { numRuns: 100 },
  )
})

test('no change of a program’s headers makes it fail', { timeout: 60_000 }, async () => {
  const path = join(folder, 'changed')
  const program = await readFile('/bin/ls')
  const changes = fc.array(fc.tuple(fc.nat(1200), fc.nat(255)), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(changes, async (bytes) => {
      const changed = Buffer.from(program)
      for (const [position, byte] of bytes) changed[position] = byte
      await writeFile(path, changed)
      expect(describeSample(await recogniseSample(path)).length).toBeLessThan(1000)
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['/dev/zero', 'it is not a regular file or a folder'],
  ['/no/such', 'ENOENT'],
])('%s is refused immediately: %s', async (path, why) => {
  await expect(recogniseSample(path)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(why),
  })
})
