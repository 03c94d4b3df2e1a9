import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathsOf } from './testing/changed-disk.ts'
import { diskAnalysis } from './testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, folderWith } from './testing/disk-images.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const FILES = 1000
const BYTES = 64 * 1024 ** 2

test('where the time is used up by what files hold, they are in the report without it', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const numbers = Array.from({ length: FILES }, (_, number) => number)
  const files = folderWith(
    join(folder, 'files'),
    Object.fromEntries(numbers.map((number) => [`${number}`, ''])),
  )
  const before = ext4(join(folder, 'before'), files, 64)
  const after = copyOf(before)
  // Of nothing but holes, which cost a guest nothing.
  debugfs(after, ...numbers.map((number) => `set_inode_field /${number} size ${BYTES}`), 'mkdir created')
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), { timeout: 40 })
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
}, 120_000)
