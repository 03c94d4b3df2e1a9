import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathsOf, withTwoNamesEach } from '../../testing/changed-disk.ts'
import { diskAnalysis } from '../../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, folderWith, quietly } from '../../testing/disk-images.ts'
import { builtReader } from '../../testing/reader-kit.ts'
import { oneBlockOnly } from '../../testing/repeating-directory.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'

const MIB = 1024 * 1024
const BLOCK = 1024
/** No more than one warning names. */
const FILES = 15

/** A file system that is left to the kernel, with blocks that are listed one by one in its inodes. */
function withMetaBlockGroups(path: string, files: string): string {
  writeFileSync(path, '')
  truncateSync(path, 16 * MIB)
  const features = 'meta_bg,^resize_inode,^has_journal,^metadata_csum,^64bit,^dir_index,^extents'
  quietly('mke2fs', '-q', '-t', 'ext4', '-b', String(BLOCK), '-O', features, '-d', files, path)
  return path
}

/** Files of two GiB without a block. */
function nothingButHoles(image: string): void {
  const numbers = Array.from({ length: FILES }, (_, number) => number)
  debugfs(image, ...numbers.map((number) => `set_inode_field full/${number} size ${2 ** 31 - 1}`))
}

function imagesIn(folder: string, change: (image: string) => void): { image: string; checkpoint: string } {
  const names = Array.from({ length: FILES }, (_, number) => [`full/${number}`, ''] as const)
  const files = folderWith(join(folder, 'files'), {
    ...Object.fromEntries(names),
    pointers: 'x'.repeat(2 * BLOCK),
  })
  const before = withMetaBlockGroups(join(folder, 'before'), files)
  const after = copyOf(before)
  change(after)
  debugfs(after, 'mkdir created')
  return asCheckpoint(folder, before, after)
}

async function analysed(change: (image: string) => void, configuration: object = {}) {
  const temporary = await temporaryFolder()
  const folder = temporary.path
  const { folder: reader } = builtReader()
  const disk = imagesIn(folder, change)
  const run = await diskAnalysis(folder, disk, { reader, timeout: 150, ...configuration })
  const report = await run.analyse()
  const { failures } = run.context
  return {
    report,
    failures,
    [Symbol.asyncDispose]: async () => {
      await run[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

// Each waits more than it works.
test.concurrent('directories with two names: each is listed once, and the report says so', async () => {
  await using run = await analysed(withTwoNamesEach)
  expect(run.report.partitions).toMatchObject([{ compared: 'files' }])
  const created = pathsOf(run.report.created_files)
  expect(created).toContain('/created')
  expect(created.filter((path) => /^\/d\d+\/.*b$/.test(path)).length).toBeGreaterThan(20)
  expect(created.length).toBeLessThan(200)
  expect(run.report.warnings).toMatchObject([
    { code: 'DISK_FILES_NOT_READ', why: expect.stringContaining('listed by another name before') },
  ])
  expect(run.failures).toEqual([])
}, 300_000)

test.concurrent('a directory that repeats itself: the partition is not compared', async () => {
  await using run = await analysed(oneBlockOnly)
  expect(run.report.partitions).toMatchObject([{ compared: 'changed' }])
  expect(run.report.warnings).toMatchObject([
    {
      code: 'DISK_PARTITION_NOT_COMPARED',
      // Which comes first depends on how busy this host is.
      why: expect.stringMatching(/the helper guest (lists the same files again and again|said nothing new)/),
    },
  ])
  expect(run.failures).toEqual([])
}, 300_000)

test.concurrent('files of holes: no more is read than a file system of its size can hold', async () => {
  await using run = await analysed(nothingButHoles, { strict: true })
  expect(run.report.partitions).toMatchObject([{ compared: 'files' }])
  const { warnings } = run.report
  expect(warnings.map(({ code }) => code)).toContain('DISK_FILES_NOT_READ')
  expect(JSON.stringify(warnings)).toContain('/full/7 (files hold more than a file system of this size can)')
  expect(pathsOf(run.report.modified_files)).toContain('/full/7')
  expect(pathsOf(run.report.created_files)).toEqual(['/created'])
}, 300_000)
