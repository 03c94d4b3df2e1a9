import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { BuiltGuest } from '@see/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { cabinetOf, COMPRESSED, discOf, rarOf } from '../testing/hand-made-archives.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { givenSample } from './given-sample.ts'
import { contentsOf, tinyGuestContents } from './guest-contents.ts'

const SCRIPT = '#!/bin/sh\necho hello\n'
const WAIT_MS = 180_000

let folder: { path: string } & AsyncDisposable
beforeAll(async () => {
  folder = await temporaryFolder()
  mkdirSync(join(folder.path, 'case/sub'), { recursive: true })
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder.path, name), content)
})
afterAll(() => folder[Symbol.asyncDispose]())

// Others make folders of the same name in the usual place.
beforeEach(() => {
  mkdirSync(temporary(), { recursive: true })
  vi.stubEnv('TMPDIR', temporary())
})
afterEach(() => void vi.unstubAllEnvs())
const temporary = () => join(folder.path, 'temporary')

const FILES = {
  'hello.sh': SCRIPT,
  'code.py': 'print(1)\n',
  'paper.pdf': '%PDF-1.7\n',
  'case/notes.txt': 'a note\n',
  'case/sub/go': SCRIPT,
} as const

/** Runs a program in the folder. */
const inFolder = (program: string, ...words: string[]) =>
  execFileSync(program, words, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] })

const HELLO = { name: 'hello.sh', content: SCRIPT }
const write = (name: string, content: Buffer) => writeFileSync(join(folder.path, name), content)

const sevenZip = (...words: string[]) => inFolder('7z', 'a', '-bso0', '-bsp0', ...words)

type Options = Partial<Parameters<typeof givenSample>[1]>

const give = async (name: string, options: Options = {}) =>
  await givenSample(name.includes('://') ? name : join(folder.path, name), {
    words: [],
    unpack: true,
    password: 'infected',
    guest: tinyGuestContents,
    signal: AbortSignal.timeout(WAIT_MS),
    progress: () => undefined,
    ...options,
  })

const sumOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

const samplesLeft = () => readdirSync(temporary())

/** Why it is refused; nothing is left of it. */
async function refusal(name: string, options: Options = {}): Promise<string> {
  const error: unknown = await give(name, options).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'SAMPLE_UNSUITABLE' })
  expect(samplesLeft()).toEqual([])
  return error instanceof Error ? error.message : ''
}

describe('what the tiny guest cannot run is refused by name, with what to do', () => {
  test.each([
    ['paper.pdf', /PDF document.*PDF viewer.*--command/],
    ['code.py', /script of python3.*tiny guest has no python3.*--command/],
    ['case/notes.txt', /text document.*--command/],
    ['http://example.com/a', /address.*download it first/],
  ])('%s', async (name, why) => {
    expect(await refusal(name)).toMatch(why)
  })

  test('unless a command says how it is opened, or the guest is another', async () => {
    for (const options of [{ command: 'strings {sample}' }, { guest: undefined }]) {
      await using given = await give('paper.pdf', options)
      const sample = join(folder.path, 'paper.pdf')
      expect(given.parameters).toEqual({ sample, sha256: sumOf(sample) })
    }
  })

  test('a program of another machine, and one whose libraries are nowhere', async () => {
    const machine = readFileSync('/bin/ls')
    machine.writeUInt16LE(183, 18)
    writeFileSync(join(folder.path, 'arm'), machine)
    expect(await refusal('arm')).toMatch(/ELF program for ARM 64.*machine of the tiny guest is x86_64/)
    const libraries = readFileSync('/bin/ls')
      .toString('latin1')
      .replaceAll('libselinux.so.1', 'libnowhere.so.1')
    writeFileSync(join(folder.path, 'odd'), libraries, 'latin1')
    expect(await refusal('odd')).toMatch(/neither the tiny guest nor this host has .*libnowhere\.so\.1/)
  })
})

describe('in a guest with packages', () => {
  const manifest = {
    version: 1 as const,
    created: '2026-11-27T12:00:00Z',
    asked: ['python3'],
    packages: ['python3=3.11.2-1+b1'],
    disk_mib: 300,
    programs: ['python3', 'sh'],
    libraries: ['libc.so.6', 'libnowhere.so.1'],
  }
  const guest = contentsOf(new BuiltGuest('/nowhere', 'key', ['py'], manifest), 'py')

  test('what it has is run: an interpreter by name or path, a library that this host lacks', async () => {
    for (const [name, content] of [
      ['code.py', 'print(1)\n'],
      ['plain', '#!/usr/bin/python3\nprint(1)\n'],
    ] as const) {
      writeFileSync(join(folder.path, name), content)
      await using given = await give(name, { guest })
      expect(given.report.is).toMatch(/^script of .*python3$/)
    }
    const libraries = readFileSync('/bin/ls')
      .toString('latin1')
      .replaceAll('libselinux.so.1', 'libnowhere.so.1')
    writeFileSync(join(folder.path, 'linked'), libraries, 'latin1')
    await using given = await give('linked', { guest })
    expect(given.report.is).toContain('libnowhere.so.1')
  })

  test('a sample that needs what it lacks is refused, with the recipe for a guest that has it', async () => {
    writeFileSync(join(folder.path, 'code.pl'), 'print 1;\n')
    expect(await refusal('code.pl', { guest })).toMatch(
      /guest py has no perl \(npx see guest build --packages perl makes a guest .*--guest perl\)/,
    )
    writeFileSync(join(folder.path, 'other'), '#!/opt/bin/python3\n')
    expect(await refusal('other', { guest })).toMatch(/guest py has no \/opt\/bin\/python3/)
    writeFileSync(join(folder.path, 'page.js'), '#!/usr/bin/env node\n')
    expect(await refusal('page.js', { guest })).toMatch(/--packages nodejs/)
    writeFileSync(join(folder.path, 'old'), '#!/usr/bin/env python\n')
    expect(await refusal('old', { guest })).toMatch(/--packages python-is-python3/)
  })
})

test('a program of this host is taken, with its arguments', async () => {
  await using given = await givenSample('/bin/ls', {
    words: ['-l', '/'],
    unpack: true,
    guest: tinyGuestContents,
    signal: AbortSignal.timeout(WAIT_MS),
    progress: () => undefined,
  })
  expect(given.parameters).toEqual({ sample: '/bin/ls', sha256: sumOf('/bin/ls'), arguments: ['-l', '/'] })
  expect(given.report).toMatchObject({
    path: '/bin/ls',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    is: expect.stringMatching(/^ELF program for x86-64.*libc\.so\.6/),
    entry: null,
  })
})

describe('a folder', () => {
  test('whose one program is the sample', async () => {
    await using given = await give('case')
    expect(given.parameters).toEqual({ sample: join(folder.path, 'case'), entry: 'sub/go' })
    expect(given.report).toMatchObject({ is: 'folder', entry: 'sub/go', entry_is: 'script of /bin/sh' })
  })

  test('is brought in whole for a command', async () => {
    await using given = await give('case', { command: 'ls {sample}' })
    expect(given.parameters).toEqual({ sample: join(folder.path, 'case') })
  })

  test('of several programs, or none that is named', async () => {
    writeFileSync(join(folder.path, 'case/sub/other.py'), 'print(1)')
    expect(await refusal('case')).toMatch(/of its files are programs .*--entry.*--command/)
    rmSync(join(folder.path, 'case/sub/other.py'))
    expect(await refusal('case', { entry: '../hello.sh' })).toMatch(/no file "\.\.\/hello\.sh"/)
    expect(await refusal('case', { entry: '/bin/sh' })).toMatch(/no file/)
    expect(await refusal('case', { entry: '.' })).toMatch(/a folder.*--entry/)
  })
})

describe('an archive', { timeout: WAIT_MS }, () => {
  test('that is replaced before it is unpacked: what is hashed is what is unpacked', async () => {
    inFolder('tar', '-cf', 'swapped.tar', 'hello.sh')
    const path = join(folder.path, 'swapped.tar')
    const sum = sumOf(path)
    const progress = () => writeFileSync(path, 'no archive any more')
    await using given = await give('swapped.tar', { progress })
    expect(readFileSync(path, 'utf8')).toBe('no archive any more')
    expect(given.report.sha256).toBe(sum)
    expect(readFileSync(given.parameters.sample, 'utf8')).toBe(SCRIPT)
    expect(given.parameters.sha256).toBeUndefined()
  })

  test.each([
    ['zip with the usual password', 'a.zip', () => sevenZip('-pinfected', 'a.zip', 'hello.sh')],
    ['zip with AES', 'aes.zip', () => sevenZip('-pinfected', '-mem=AES256', 'aes.zip', 'hello.sh')],
    ['7z with encrypted names', 'a.7z', () => sevenZip('-pinfected', '-mhe=on', 'a.7z', 'hello.sh')],
    ['tar', 'a.tar', () => inFolder('tar', '-cf', 'a.tar', 'hello.sh')],
    ['tar.gz', 'a.tgz', () => inFolder('tar', '-czf', 'a.tgz', 'hello.sh')],
    ['tar.xz', 'a.txz', () => inFolder('tar', '-cJf', 'a.txz', 'hello.sh')],
    ['tar.zst', 'a.zst', () => inFolder('tar', '-c', '--zstd', '-f', 'a.zst', 'hello.sh')],
    ['gz of a file', 'hello.sh.gz', () => inFolder('gzip', '-k', 'hello.sh')],
    ['CAB', 'a.cab', () => write('a.cab', cabinetOf([HELLO]))],
    ['RAR', 'a.rar', () => write('a.rar', rarOf([HELLO]))],
    ['image of a disc', 'a.iso', () => write('a.iso', discOf(HELLO))],
    [
      'zip in a 7z',
      'nested.7z',
      () => [sevenZip('-pinfected', 'in.zip', 'hello.sh'), sevenZip('nested.7z', 'in.zip')],
    ],
  ])('%s of one file: that is the sample', async (_what, name, make) => {
    make()
    {
      await using given = await give(name)
      const { sample } = given.parameters
      expect(readFileSync(sample, 'utf8')).toBe(SCRIPT)
      expect(given.report).toMatchObject({
        entry: expect.stringMatching(/^hello\.sh$/i),
        entry_is: 'script of /bin/sh',
        left_out: 0,
      })
      expect(given.parameters).toEqual({ sample })
    }
    expect(samplesLeft()).toEqual([])
  })

  test('of several files: the one program, another by name, or all of it', async () => {
    inFolder('tar', '-cf', 'case.tar', 'case')
    for (const [options, entry] of [
      [{}, 'case/sub/go'],
      [{ command: 'sh {sample}' }, 'case/sub/go'],
      [{ command: 'cat {sample}', entry: 'case/notes.txt' }, 'case/notes.txt'],
      [{ command: 'ls {sample}', entry: '.' }, undefined],
    ] as const) {
      await using given = await give('case.tar', options)
      expect(given.parameters.entry).toBe(entry)
      expect(readFileSync(join(given.parameters.sample, 'case/notes.txt'), 'utf8')).toBe('a note\n')
    }
  })

  test('with another password', async () => {
    sevenZip('-psecret', 'secret.zip', 'hello.sh')
    expect(await refusal('secret.zip')).toMatch(/the password is another one \(--password\)/)
    await using given = await give('secret.zip', { password: 'secret' })
    expect(readFileSync(given.parameters.sample, 'utf8')).toBe(SCRIPT)
  })

  test('is brought in as it is, if asked', async () => {
    sevenZip('plain.zip', 'hello.sh')
    await using given = await give('plain.zip', { unpack: false, command: 'unzip {sample}' })
    const sample = join(folder.path, 'plain.zip')
    expect(given.parameters).toEqual({ sample, sha256: sumOf(sample) })
    expect(await refusal('plain.zip', { unpack: false })).toMatch(/a zip archive, and it is no program/)
  })

  test('links and pipes are left out, and said', async () => {
    symlinkSync('/etc/passwd', join(folder.path, 'out'))
    inFolder('mkfifo', 'pipe')
    inFolder('tar', '-cf', 'special.tar', 'out', 'pipe', 'hello.sh')
    {
      await using given = await give('special.tar')
      expect(given.report).toMatchObject({ entry: 'hello.sh', left_out: 2 })
    }
    write('special.rar', rarOf([HELLO, { name: 'out', content: '/etc/passwd', isLink: true }]))
    {
      await using given = await give('special.rar')
      expect(given.report).toMatchObject({ entry: 'hello.sh', left_out: 1 })
    }
    inFolder('tar', '-cf', 'link.tar', 'out')
    expect(await refusal('link.tar')).toMatch(/holds no file/)
  })

  test('nothing is written outside of its folder', async () => {
    const outside = join(folder.path, 'outside')
    const name = join(folder.path, 'x/written')
    mkdirSync(join(folder.path, 'x'))
    writeFileSync(name, 'x')
    inFolder('tar', '-cPf', 'absolute.tar', name)
    // The same name with a link in the way, and with dots.
    inFolder('tar', '-cPf', 'dots.tar', '--transform', 's,.*,../../outside,', 'hello.sh')
    symlinkSync(folder.path, join(folder.path, 'way'))
    inFolder('tar', '-cPf', 'way.tar', 'way')
    inFolder('tar', '-rPf', 'way.tar', '--transform', 's,.*,way/outside,', 'hello.sh')
    writeFileSync(name, 'kept')
    const names = ['../../outside', join(folder.path, 'outside')]
    const entries = names.map((each) => ({ name: each, content: SCRIPT }))
    write('dots.rar', rarOf(entries))
    write('dots.cab', cabinetOf(entries.map((each) => ({ ...each, name: each.name.replaceAll('/', '\\') }))))
    for (const archive of ['absolute.tar', 'dots.tar', 'way.tar', 'dots.rar', 'dots.cab']) {
      await (await give(archive, { command: 'x' }).catch(() => undefined))?.[Symbol.asyncDispose]()
    }
    expect(existsSync(outside)).toBe(false)
    expect(readFileSync(name, 'utf8')).toBe('kept')
  })

  test('that unpacks to more than a sample may be, or to too many files', async () => {
    inFolder('sh', '-c', 'head -c 700000000 /dev/zero | gzip -1 >bomb.gz')
    expect(await refusal('bomb.gz')).toMatch(/bound of output|could not be unpacked/)
    write('lie.iso', discOf(HELLO, 700_000_000))
    expect(await refusal('lie.iso')).toMatch(/an image of a disc, and it could not be unpacked/)
    inFolder('sh', '-c', 'mkdir many; cd many; seq 11000 | xargs touch; tar -cf ../many.tar .')
    expect(await refusal('many.tar')).toMatch(/bound of output|more than/)
  })

  test('that is damaged, or for which the program is missing', async () => {
    writeFileSync(join(folder.path, 'cut.7z'), readFileSync(join(folder.path, 'a.7z')).subarray(0, 60))
    expect(await refusal('cut.7z')).toMatch(/could not be unpacked/)
    write('cut.cab', cabinetOf([HELLO]).subarray(0, -4))
    expect(await refusal('cut.cab')).toMatch(/a cab archive, and it could not be unpacked/)
    write('compressed.rar', rarOf([HELLO], COMPRESSED))
    expect(await refusal('compressed.rar')).toMatch(/does not decompress RAR \(on Debian install p7zip-rar/)
  })
})

test('a file that cannot be read is no sample', async () => {
  await expect(give('none')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  if (process.getuid?.() === 0) return
  chmodSync(join(folder.path, 'paper.pdf'), 0)
  await expect(give('paper.pdf')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})
