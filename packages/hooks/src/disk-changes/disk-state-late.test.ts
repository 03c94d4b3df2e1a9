import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathsOf } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, folderWith } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const FILES = 1000
const MIB = 1024 ** 2

/** An image of so many MiB, and the same with files of nothing but holes, which cost a guest nothing. */
function imagesOf(folder: string, sizeMiB: number, bytes: number): [string, string] {
  const numbers = Array.from({ length: FILES }, (_, number) => number)
  const files = folderWith(
    join(folder, 'files'),
    Object.fromEntries(numbers.map((number) => [`${number}`, ''])),
  )
  const before = ext4(join(folder, 'before'), files, sizeMiB)
  const after = copyOf(before)
  debugfs(after, ...numbers.map((number) => `set_inode_field /${number} size ${bytes}`), 'mkdir created')
  return [before, after]
}

test.concurrent('where the time is used up by what files hold, they are in the report without it', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const [before, after] = imagesOf(folder, 4 * 1024, 16 * MIB)
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), { timeout: 25 })
  const report = await run.analyse()
  expect(pathsOf(report.created_files)).toEqual(['/created'])
  expect(report.modified_files).toHaveLength(FILES)
  expect(report.modified_files.at(-1)).toMatchObject({
    changes: ['size', 'content'],
    skipped: expect.stringContaining('time'),
  })
  expect(report.warnings).toMatchObject([
    { code: 'DISK_FILES_NOT_READ', why: expect.stringContaining('the time of the analysis') },
  ])
  expect(run.context.failures).toEqual([])
}, 300_000)

test.concurrent('no more is read than the disk can hold, the smallest files first', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const [before, after] = imagesOf(folder, 64, 64 * MIB)
  debugfs(after, 'set_inode_field /7 size 1000', 'set_inode_field /999 size 2000')
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), {})
  const report = await run.analyse()
  expect(report.modified_files).toHaveLength(FILES)
  const read = report.modified_files.filter(({ skipped }) => skipped === undefined)
  // 512 MiB, of 64 MiB each, and the two small ones.
  expect(read).toHaveLength(7 + 2)
  expect(pathsOf(read)).toEqual(expect.arrayContaining(['/7', '/999']))
  expect(report.warnings).toMatchObject([
    { code: 'DISK_FILES_NOT_READ', why: expect.stringContaining('several times what the disk has room for') },
  ])
  expect(run.context.failures).toEqual([])
}, 300_000)
