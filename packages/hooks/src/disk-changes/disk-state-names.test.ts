import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from '@see/core'
import { expect, test } from 'vitest'
import type { FilesystemReport } from './filesystem-report.ts'
import { pathsOf, rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4 } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const FOLDERS = 30
const FILES = 850
/** As many as a listing may have of each inode. */
const NAMES = 9
const ALL = NAMES * (1 + FOLDERS * (1 + FILES))
const MOST_MIB = 256

/** Commands of debugfs that make a folder of many files, and give it many names. */
const manyNames = [
  'mkdir all',
  ...Array.from({ length: FOLDERS }, (_, folder) => [
    'cd /all',
    `mkdir ${folder}`,
    `cd ${folder}`,
    ...Array.from({ length: FILES }, (__, number) => `write /dev/null file-number-${number}-of-the-guest`),
  ]).flat(),
  'cd /',
  // debugfs makes no room in a folder for a link.
  'expand_dir /',
  ...Array.from({ length: NAMES - 1 }, (_, number) => `ln all folder-${number}`),
]
const measured = z.object({
  peakMiB: z.number(),
  identifier: z.string(),
  failures: z.array(z.string()),
})

/** The report of an analysis in a process of its own, and the most memory that it had. */
async function analysed(folder: string, before: string, after: string, configuration: object = {}) {
  const { image, checkpoint } = asCheckpoint(folder, before, after)
  const script = fileURLToPath(new URL('../../dist/testing/measure-analysis.js', import.meta.url))
  const words = [script, folder, image, checkpoint, JSON.stringify(configuration)]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  const { peakMiB, identifier, failures } = measured.parse(JSON.parse(stdout))
  expect(failures).toEqual([])
  const path = join(folder, 'the results', `${identifier}_filesystem.json`)
  const report: FilesystemReport = JSON.parse(readFileSync(path, 'utf8'))
  return { report, peakMiB }
}

test('of 230,000 names few changed: those are in the report, and little memory is taken', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const before = ext4(join(folder, 'ext4'), rootFolder(folder), 160)
  debugfs(before, ...manyNames)
  const after = copyOf(before)
  debugfs(after, 'rm gone', 'write /etc/hostname new', 'set_inode_field same mode 0100600')
  const { report, peakMiB } = await analysed(folder, before, after)
  expect(pathsOf(report.created_files)).toEqual(['/new'])
  expect(pathsOf(report.deleted_files)).toEqual(['/gone'])
  expect(report.modified_files).toMatchObject([{ path: '/same', changes: ['permissions'] }])
  expect(report.warnings).toEqual([])
  expect(peakMiB).toBeLessThan(MOST_MIB)
}, 120_000)

test('of 230,000 new names the first are in the report, the others are a warning, and memory has a bound', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const before = ext4(join(folder, 'ext4'), rootFolder(folder), 160)
  const after = copyOf(before)
  debugfs(after, ...manyNames, 'rm gone')
  const { report, peakMiB } = await analysed(folder, before, after)
  expect(report.created_files).toHaveLength(20_000)
  expect([report.modified_files, report.deleted_files]).toEqual([[], []])
  const paths = pathsOf(report.created_files)
  expect(paths.slice(0, 2)).toEqual(['/all/0', '/all/0/file-number-0-of-the-guest'])
  const rest = ALL + 1 - 20_000
  expect(report.warnings).toMatchObject([
    {
      code: 'DISK_CHANGES_CUT',
      what: 'the whole disk',
      why: expect.stringContaining(`at least ${rest} names more`),
    },
  ])
  expect(peakMiB).toBeLessThan(MOST_MIB)
}, 120_000)

test('what is cut makes nothing new or gone that is neither', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  // Lines of names with a bar lie between those of others.
  const names = ['a', 'b', 'b|1', 'b|5', 'b|5|r', 'c']
  const before = ext4(join(folder, 'ext4'), rootFolder(folder))
  debugfs(before, ...names.map((name) => `write /dev/null "${name}"`))
  const after = copyOf(before)
  debugfs(after, ...names.map((name) => `set_inode_field "${name}" mode 0100600`))
  const disk = asCheckpoint(folder, before, after)
  for (const [configuration, kept] of [
    [{ changes_limit: 6 }, 6],
    [{ changes_limit: 5 }, 5],
    [{ changes_limit: 3 }, 1],
    [{ changes_limit: 3, strict: true }, 3],
  ] as const) {
    await using run = await diskAnalysis(folder, disk, configuration)
    const { created_files, deleted_files, modified_files, warnings } = await run.analyse()
    expect([created_files, deleted_files]).toEqual([[], []])
    expect(pathsOf(modified_files)).toEqual(names.slice(0, kept).map((name) => `/${name}`))
    const codes = kept === names.length ? [] : ['DISK_CHANGES_CUT']
    expect(warnings.map(({ code }) => code)).toEqual(codes)
  }
})
