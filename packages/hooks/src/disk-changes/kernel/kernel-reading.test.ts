import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathsOf } from '../../testing/changed-disk.ts'
import { diskAnalysis } from '../../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, folderWith, quietly } from '../../testing/disk-images.ts'
import { inWorkshop } from '../../testing/disk-workshop.ts'
import { builtReader } from '../../testing/reader-kit.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'

const MIB = 1024 * 1024

/** What is in the journal only, of a guest that was killed. */
const KILLED = `
mkdir /m
mount -t ext4 /dev/vda /m
echo created >/m/created
rm /m/gone
echo other >/m/changed
setfattr -n user.a -v b /m/same
sync
echo 'workshop: done'
echo b >/proc/sysrq-trigger
sleep 100
`

test('a journal that is pending is played back, not on the disk: the report is that of a disk that was unmounted', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const before = join(folder, 'ext4')
  writeFileSync(before, '')
  truncateSync(before, 64 * MIB)
  const files = folderWith(join(folder, 'root'), { gone: 'gone\n', changed: 'before\n', same: 'same\n' })
  quietly('mke2fs', '-q', '-t', 'ext4', '-d', files, before)
  const kit = builtReader()
  const after = copyOf(before)
  inWorkshop(kit, [after], KILLED)
  const disk = asCheckpoint(folder, before, after)

  await using unread = await diskAnalysis(join(folder), disk)
  expect((await unread.analyse()).warnings).toMatchObject([{ code: 'DISK_JOURNAL_PENDING' }])

  await using run = await diskAnalysis(folder, disk, {
    reader: kit.folder,
    identify_files: true,
    extract_files: true,
  })
  const report = await run.analyse()
  expect(report.warnings).toEqual([])
  expect(run.context.failures).toEqual([])
  expect(pathsOf(report.created_files)).toEqual(['/created'])
  expect(report.created_files).toMatchObject([
    { type: 'ASCII text', extracted: expect.stringContaining('_created') },
  ])
  expect(pathsOf(report.deleted_files)).toEqual(['/gone'])
  expect(report.modified_files).toMatchObject([
    { path: '/changed', changes: ['size', 'content', 'mtime'] },
    { path: '/same', changes: ['attributes'], attributes: { 'user.a': '"b"' }, original_attributes: {} },
  ])
}, 300_000)
