import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceWarning } from '@see/core'
import { expect, test } from 'vitest'
import { checkpointOf, pathsOf, rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, debugfs, ext4 } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

/** Commands of debugfs that make directories in one another, and a file in the last. */
function nested(name: string, levels: number, file: string): string[] {
  const steps = Array.from({ length: levels }, () => [`mkdir ${name}`, `cd ${name}`])
  return ['cd /', ...steps.flat(), `write EVIL ${file}`]
}

test.each([false, true])(
  'files in many directories, or far along a path, are compared, strict %s',
  async (strict) => {
    await using temporary = await temporaryFolder()
    const commands = [...nested('d', 300, 'deep'), ...nested('0'.repeat(200), 25, 'long')]
    await using run = await diskAnalysis(temporary.path, checkpointOf(temporary.path, commands), { strict })
    const report = await run.analyse()
    const files = report.created_files.filter(({ type }) => type === 'file')
    expect(pathsOf(files)).toEqual([`/${'0'.repeat(200)}`.repeat(25) + '/long', `${'/d'.repeat(300)}/deep`])
    expect(report.created_files).toHaveLength(327)
    expect([report.warnings, report.errors]).toEqual([[], []])
  },
)

test('files that were too large, unreadable, or not kept are warnings, once for all of a kind', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const root = rootFolder(folder)
  const before = ext4(join(folder, 'before'), root)
  for (const name of ['a', 'b', 'broken']) writeFileSync(join(root, name), 'x'.repeat(1000))
  for (let index = 0; index < 25; index++) writeFileSync(join(root, `large${index}`), 'x'.repeat(3000))
  const after = ext4(join(folder, 'after'), root)
  debugfs(after, 'set_inode_field broken block[5] 99999999')
  const limits = { size_limit: 2000, extract_limit: 1500, extract_files: true }
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), limits)
  const { warnings, errors } = await run.analyse()
  const names = Array.from({ length: 25 }, (_, index) => `/large${index}`).toSorted()
  expect(warnings).toMatchObject([
    { code: 'DISK_FILES_NOT_READ', what: `25 files: ${names.slice(0, 20).join(', ')}, and 5 more` },
    { code: 'DISK_FILES_NOT_READ', what: 'a file: /broken', why: 'their content cannot be read' },
    { code: 'DISK_FILES_NOT_EXTRACTED', what: 'a file: /b', why: 'extract_limit is reached' },
  ])
  expect(run.context.warnings).toEqual(warnings)
  expect(errors).toEqual(['the content of /broken cannot be read'])
})

test('names that are listed alike are a warning, also where only one became the other', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const root = rootFolder(folder)
  writeFileSync(join(root, 'x\u0001'), 'x')
  const before = ext4(join(folder, 'before'), root)
  const bytes = readFileSync(before)
  bytes.write('x\u0002', bytes.indexOf('x\u0001'), 'latin1')
  const after = join(folder, 'after')
  writeFileSync(after, bytes)
  // Whichever of the first inodes is its own.
  debugfs(
    after,
    ...[12, 13, 14, 15, 16, 17, 18].map((inode) => `set_inode_field <${inode}> ctime @2000000000`),
  )
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  const { created_files, modified_files, warnings } = await run.analyse()
  expect([created_files, modified_files]).toEqual([[], []])
  expect(warnings).toMatchObject([{ code: 'DISK_NAMES_UNCLEAR', what: 'a file: /x^' }])
})

test('a disk or folder that the guest has beside its own is a warning in the report', async () => {
  await using temporary = await temporaryFolder()
  await using run = await diskAnalysis(temporary.path, checkpointOf(temporary.path, ['rm gone']))
  const other = evidenceWarning('DISK_NOT_COMPARED', 'the disk vdb of the domain’s XML', 'it is another')
  await run.context.warn(other)
  expect((await run.analyse()).warnings).toEqual([other])
})
