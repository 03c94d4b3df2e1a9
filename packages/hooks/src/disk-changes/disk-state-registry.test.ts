import { copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { FilesystemReport } from './filesystem-report.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, ext4 } from '../testing/disk-images.ts'
import { emptyHive, mergeIntoHive, resealHive } from '../testing/registry-hive.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const SOFTWARE = 'Windows/System32/config/SOFTWARE'
const HIVE = `/${SOFTWARE}`
const RUN = String.raw`[\Run]`
const KEY = String.raw`HKEY_LOCAL_MACHINE\SOFTWARE\Run`

/** Runs an analysis of a disk with files before and after, given by the paths of their contents. */
async function analysed(
  folder: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  configuration: object = {},
): Promise<{ report: FilesystemReport; failures: number }> {
  const [first = '', second = ''] = [before, after].map((files, index) => {
    const root = join(folder, `root${index}`)
    mkdirSync(root)
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      copyFileSync(content, join(root, path))
      // What is in the same second, and as long, is taken for the same.
      if (before[path] !== content) utimesSync(join(root, path), index * 1000, index * 1000)
    }
    return ext4(join(folder, `disk${index}`), root)
  })
  const disk = asCheckpoint(folder, first, second)
  await using run = await diskAnalysis(folder, disk, { compare_registries: true, ...configuration })
  const report = await run.analyse()
  return { report, failures: run.context.failures.length }
}

const hiveWith = (path: string, text: string) => mergeIntoHive(emptyHive(path), `${RUN}\n${text}`)

/** Text as .reg files have bytes. */
const hex = (text: string) =>
  Buffer.from(text, 'utf16le')
    .toString('hex')
    .replaceAll(/(..)(?!$)/g, '$1,')

test('values are compared by every byte of their data', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const before = hiveWith(
    join(folder, 'before'),
    `"behind"=hex(1):${hex('x\0')}
"list"=hex(7):${hex('a\0b\0\0')}
"null"=hex(1):
"dword"=hex(4):01,00,00,00,00,00,00,00
"same"=hex(3):00,01`,
  )
  const after = hiveWith(
    join(folder, 'after'),
    `"behind"=hex(1):${hex('x\0evil\0')}
"list"=hex(7):${hex('a\0b\0\0\0')}
"null"=hex(1):${hex('(null)\0')}
"dword"=hex(4):01,00,00,00,02,00,00,00
"same"=hex(3):00,01`,
  )
  const { report, failures } = await analysed(folder, { [SOFTWARE]: before }, { [SOFTWARE]: after })
  const values = report.registry?.modified_values ?? []
  const found = Object.fromEntries(
    values.map(({ value, hive, key, ...rest }) => [value, { hive, key, rest }]),
  )
  expect(Object.keys(found).toSorted()).toEqual(['behind', 'dword', 'list', 'null'])
  expect(values.every(({ hive, key }) => hive === HIVE && key === KEY)).toBe(true)
  expect(found).toMatchObject({
    behind: { rest: { original_data: 'x', original_size: 4, data: 'x\0evil', size: 14 } },
    list: { rest: { type: 'MULTI_SZ', original_data: 'a\0b\0', data: 'a\0b\0\0' } },
    null: { rest: { type: 'SZ', original_data: '', original_size: 0, data: '(null)' } },
    dword: { rest: { type: 'DWORD', original_data: '0100000000000000', data: '0100000002000000' } },
  })
  expect([report.warnings, report.errors, failures]).toEqual([[], [], 0])
})

test('a hive that was not closed cleanly is compared with a warning, on either disk', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [clean, dirty] = [
    hiveWith(join(folder, 'clean'), '"a"="1"'),
    hiveWith(join(folder, 'dirty'), '"a"="2"'),
  ]
  const bytes = readFileSync(dirty)
  bytes.writeUInt32LE(bytes.readUInt32LE(8) + 1, 4)
  writeFileSync(dirty, resealHive(bytes))
  const { report } = await analysed(folder, { [SOFTWARE]: clean }, { [SOFTWARE]: dirty })
  expect(report.registry?.modified_values).toMatchObject([{ value: 'a', original_data: '1', data: '2' }])
  expect(report.warnings).toMatchObject([
    {
      code: 'HIVE_NOT_CLEAN',
      what: `the hive ${HIVE} of the guest’s disk`,
      why: expect.stringContaining('it was not closed cleanly'),
    },
  ])
  await using other = await temporaryFolder()
  const reverse = await analysed(other.path, { [SOFTWARE]: dirty }, { [SOFTWARE]: clean })
  expect(reverse.report.warnings).toMatchObject([
    { what: `the hive ${HIVE} of the disk that the guest started from` },
  ])
})

/** A log of a hive in the format of Windows 8.1, with an entry of the given number. */
function logOf(hive: string, path: string, sequence: number): string {
  const log = Buffer.alloc(2048)
  readFileSync(hive).copy(log, 0, 0, 512)
  log.writeUInt32LE(6, 28)
  log.write('HvLE', 512)
  log.writeUInt32LE(512, 512 + 4)
  log.writeUInt32LE(sequence, 512 + 12)
  writeFileSync(path, resealHive(log))
  return path
}

test('changes that are only in the log of a hive are a warning, though the hive is the same', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const hive = hiveWith(join(folder, 'hive'), '"a"="1"')
  const sequence = readFileSync(hive).readUInt32LE(8)
  const [old, newer] = [
    logOf(hive, join(folder, 'old'), sequence - 1),
    logOf(hive, join(folder, 'new'), sequence),
  ]
  const log = `${SOFTWARE}.LOG1`
  const { report } = await analysed(
    folder,
    { [SOFTWARE]: hive, [log]: old },
    { [SOFTWARE]: hive, [log]: newer },
  )
  expect(report.modified_files.map(({ path }) => path)).toContain(`/${log}`)
  expect(report.warnings).toMatchObject([
    {
      code: 'HIVE_NOT_CLEAN',
      what: `the hive ${HIVE} of the guest’s disk`,
      why: expect.stringContaining('its log'),
    },
  ])
})

test('a log of a hive that is not read is a warning: it may hold what the hive does not', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [before, after] = [hiveWith(join(folder, 'b'), '"a"="1"'), hiveWith(join(folder, 'a'), '"a"="2"')]
  const log = join(folder, 'log')
  writeFileSync(log, Buffer.alloc(100_000))
  const { report } = await analysed(
    folder,
    { [SOFTWARE]: before },
    { [SOFTWARE]: after, [`${SOFTWARE}.LOG2`]: log },
    { size_limit: 50_000 },
  )
  expect(report.registry?.modified_values).toMatchObject([{ hive: HIVE, value: 'a' }])
  expect(report.warnings.filter(({ code }) => code === 'HIVE_NOT_CLEAN')).toMatchObject([
    { what: `the hive ${HIVE} of the guest’s disk`, why: expect.stringContaining('its log is not read') },
  ])
})

test('hives of accounts, boot, components and programs are compared, wherever they are', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [before, after] = [hiveWith(join(folder, 'b'), '"a"="1"'), hiveWith(join(folder, 'a'), '"a"="2"')]
  const places = {
    'Windows/System32/config/COMPONENTS': 'HKEY_LOCAL_MACHINE\\COMPONENTS',
    'Windows/ServiceProfiles/LocalService/NTUSER.DAT': 'HKEY_USERS\\LocalService',
    'Boot/BCD': 'HKEY_LOCAL_MACHINE\\BCD00000000',
    'Windows/appcompat/Programs/Amcache.hve': '/Windows/appcompat/Programs/Amcache.hve',
    'Users/bob/hidden.bin': '/Users/bob/hidden.bin',
  }
  const files = (hive: string) => Object.fromEntries(Object.keys(places).map((path) => [path, hive]))
  const { report } = await analysed(folder, files(before), files(after))
  const keys = report.registry?.modified_values.map(({ key }) => key)
  expect(keys?.toSorted()).toEqual(
    Object.values(places)
      .map((root) => `${root}\\Run`)
      .toSorted(),
  )
  expect(report.warnings).toEqual([])
})

test('a hive that is too large, or none, is a warning, and the others are compared', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [before, after] = [hiveWith(join(folder, 'b'), '"a"="1"'), hiveWith(join(folder, 'a'), '"a"="2"')]
  const none = join(folder, 'none')
  writeFileSync(none, 'x'.repeat(5000))
  const large = join(folder, 'large')
  writeFileSync(large, Buffer.concat([readFileSync(after), Buffer.alloc(100_000)]))
  const system = 'Windows/System32/config/SYSTEM'
  const sam = 'Windows/System32/config/SAM'
  const { report, failures } = await analysed(
    folder,
    { [SOFTWARE]: before, [system]: before, [sam]: before },
    { [SOFTWARE]: after, [system]: none, [sam]: large },
    { size_limit: 50_000 },
  )
  expect(report.registry?.modified_values).toMatchObject([{ hive: HIVE, value: 'a' }])
  const [ofSam, ofSystem] = report.warnings.filter(({ code }) => code === 'HIVE_NOT_COMPARED')
  expect(ofSam).toMatchObject({
    what: `the hive /${sam}`,
    why: expect.stringContaining('size_limit is 50000'),
  })
  expect(ofSystem).toMatchObject({ what: `the hive /${system}`, why: 'it is no hive' })
  expect(report.errors).toEqual([`the hive /${system} cannot be compared: it is no hive`])
  expect(failures).toBe(1)
})
