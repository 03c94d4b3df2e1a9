import { copyFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathsOf } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, folderWith, partitioned, quietly } from '../testing/disk-images.ts'
import { oneBlockOnly } from '../testing/repeating-directory.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const SIZE = 16 * 1024 * 1024
const SILENT = 4

function withBlocksInInodes(path: string, files: string): string {
  writeFileSync(path, '')
  truncateSync(path, SIZE)
  const features = '^has_journal,^metadata_csum,^64bit,^dir_index,^extents'
  quietly('mke2fs', '-q', '-t', 'ext4', '-b', '1024', '-O', features, '-d', files, path)
  return path
}

test('file systems that keep fls busy without a word cost half a minute altogether', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const names = Array.from({ length: 15 }, (_, number) => [`full/${number}`, ''] as const)
  const files = folderWith(join(folder, 'files'), {
    ...Object.fromEntries(names),
    pointers: 'x'.repeat(2 * 1024),
  })
  const before = withBlocksInInodes(join(folder, 'before'), files)
  const silent = copyOf(before)
  oneBlockOnly(silent)
  const honest = join(folder, 'honest')
  copyFileSync(before, honest)
  debugfs(honest, 'write /etc/hostname new')
  const [disk, changed] = [
    [...Array.from({ length: SILENT }, () => before), before],
    [...Array.from({ length: SILENT }, () => silent), honest],
  ].map((each, index) => partitioned(join(folder, `disk${index}`), 'gpt', each))
  await using run = await diskAnalysis(folder, asCheckpoint(folder, disk ?? '', changed ?? ''))
  const started = performance.now()
  const report = await run.analyse()
  expect(performance.now() - started).toBeLessThan(45_000)
  expect(pathsOf(report.created_files)).toEqual([`p${SILENT + 1}:/new`])
  expect(report.errors).toHaveLength(SILENT)
  expect(report.errors[0]).toMatch(/^p1 .* cannot be listed: fls .* it listed nothing for too long$/)
  expect(report.warnings.map(({ code }) => code)).toEqual(
    Array.from({ length: SILENT }, () => 'DISK_PARTITION_NOT_COMPARED'),
  )
}, 120_000)
