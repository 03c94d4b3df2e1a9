import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { changedDisk, checkpointOf, pathsOf, rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, partitioned, quietly } from '../testing/disk-images.ts'
import { evidenceIn, manifestFaults, readManifest } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const EVIL_SHA1 = '7da4e9bb7066dcfcf97b28f22fff2b63fe574ac9'

test('reports what was created, modified and deleted on a bare file system, and keeps the content', async () => {
  await using temporary = await temporaryFolder()
  const moved = ['link old moved', 'unlink old']
  const written = ['write EVIL evil', 'rm etc/passwd', 'write EVIL etc/passwd']
  const disk = checkpointOf(temporary.path, ['rm gone', ...written, ...moved])
  await using run = await diskAnalysis(temporary.path, disk, { identify_files: true, extract_files: true })
  const report = await run.analyse()
  expect(run.context.failures).toEqual([])
  const not_compared = ['content_without_trace', 'holes', 'unused_space']
  const partitions = [
    { name: null, start_sector: 0, original_file_system: 'ext4', file_system: 'ext4', not_compared },
  ]
  expect(report).toMatchObject({ before: disk.image, after: null, partitions, registry: null, errors: [] })
  const { created_files, modified_files, deleted_files } = report
  const evil = { type: 'POSIX shell script, ASCII text executable', size: 20, sha1: EVIL_SHA1 }
  expect(created_files).toMatchObject([
    { path: '/evil', ...evil },
    { path: '/moved', renamed_from: '/old', type: 'ASCII text' },
  ])
  const passwd = { original_size: 5, original_sha1: '552c0ba71b1046a083583ebf943cc9aa09f39a32' }
  expect(modified_files).toMatchObject([
    { path: '/etc/passwd', ...evil, ...passwd, changes: expect.arrayContaining(['size', 'content']) },
  ])
  expect(deleted_files).toMatchObject([
    { path: '/gone', type: 'ASCII text', size: 5 },
    { path: '/old', renamed_to: '/moved' },
  ])
  const [extracted = ''] = created_files.map((file) => file.extracted)
  expect(readFileSync(join(run.results, extracted), 'utf8')).toBe('#!/bin/sh\necho evil\n')
  const names = readdirSync(join(run.results, `${run.identifier}_extracted_files`))
  expect(names.toSorted()).toEqual(['1_passwd', '2_evil', '3_moved'])
  expect(await evidenceIn(run.results)).toHaveLength(2)

  await run.deallocate()
  expect(await manifestFaults(run.results)).toEqual([])
  const { files } = await readManifest(run.results)
  const of = `${run.identifier}_filesystem.json`
  expect(files.filter(({ kind }) => kind === 'extracted_file').map((file) => file.of)).toEqual([of, of, of])
  expect(files.find(({ kind }) => kind === 'disk_changes')).toMatchObject({
    path: of,
    event: { name: 'start_analysis' },
    writer: 'DiskStateAnalyser',
  })
})

test('compares one checkpoint with the image, and the last of several with the first of them', async () => {
  await using temporary = await temporaryFolder()
  const { before, after } = changedDisk(temporary.path, ['write EVIL first'])
  const { image, checkpoint } = asCheckpoint(temporary.path, before, after)
  const later = copyOf(after)
  debugfs(later, `write ${join(temporary.path, 'evil')} second`)
  const last = join(temporary.path, 'last.qcow2')
  quietly('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-B', image, '-F', 'qcow2', later, last)
  await using run = await diskAnalysis(temporary.path, { image, checkpoint })
  await run.context.trigger('disk_checkpoint_taken', { path: checkpoint })
  const one = await run.analyse()
  expect([one.before, one.after, pathsOf(one.created_files)]).toEqual([image, checkpoint, ['/first']])
  for (const path of [checkpoint, checkpoint, last]) {
    await run.context.trigger('disk_checkpoint_taken', { path })
  }
  const several = await run.analyse('_2')
  expect([several.before, several.after]).toEqual([checkpoint, last])
  expect(pathsOf(several.created_files)).toEqual(['/second'])
  expect(run.context.failures).toEqual([])
})

test('reports files in the order of their paths, whichever was made first', async () => {
  await using temporary = await temporaryFolder()
  const disk = checkpointOf(temporary.path, ['rm same', 'rm gone', 'write EVIL new-2', 'write EVIL new-1'])
  await using run = await diskAnalysis(temporary.path, disk)
  const { created_files, deleted_files } = await run.analyse()
  expect(pathsOf(created_files)).toEqual(['/new-1', '/new-2'])
  expect(deleted_files.map(({ path }) => path)).toEqual(['/gone', '/same'])
})

test.each(['dos', 'gpt'] as const)('separates the partitions of a %s disk', async (label) => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const noise = join(folder, 'noise')
  writeFileSync(noise, Buffer.alloc(16 * 1024 * 1024, 'noise'))
  const disk = asCheckpoint(
    folder,
    partitioned(join(folder, 'disk'), label, [before, noise, before]),
    partitioned(join(folder, 'disk.after'), label, [before, noise, after]),
  )
  await using run = await diskAnalysis(folder, disk)
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([
    { name: 'p1', start_sector: 2048, file_system: 'ext4', compared: 'files' },
    { name: 'p2', start_sector: 18 * 2048, file_system: null, compared: 'same' },
    { name: 'p3', start_sector: 35 * 2048, file_system: 'ext4', compared: 'files' },
  ])
  expect(report.created_files).toMatchObject([{ path: 'p3:/evil', type: 'file', sha1: EVIL_SHA1 }])
  expect(run.context.failures).toEqual([])
})

test('reports links, special files and permissions', async () => {
  await using temporary = await temporaryFolder()
  const root = rootFolder(temporary.path)
  symlinkSync('same -> x', join(root, 'link'))
  const before = ext4(join(temporary.path, 'ext4'), root)
  const after = copyOf(before)
  const relinked = [
    'rm link',
    'symlink link "gone -> same"',
    'mknod null c 1 3',
    'mknod pipe p',
    'mkdir folder',
  ]
  debugfs(after, ...relinked, 'set_inode_field same mode 0104755', 'set_inode_field old uid 7')
  await using run = await diskAnalysis(temporary.path, asCheckpoint(temporary.path, before, after))
  const { created_files, modified_files, deleted_files } = await run.analyse()
  expect(created_files).toMatchObject([
    { path: '/folder', type: 'directory' },
    { path: '/null', type: 'character device' },
    { path: '/pipe', type: 'fifo' },
  ])
  expect(created_files.every((file) => !('size' in file) && !('sha1' in file))).toBe(true)
  const changes = Object.fromEntries(modified_files.map((file) => [file.path, file]))
  expect(changes).toMatchObject({
    '/link': { type: 'symbolic link', target: 'gone -> same', original_target: 'same -> x' },
    '/old': { changes: ['owner'], uid: 7 },
    '/same': { changes: ['permissions'], permissions: 'rwsr-xr-x', original_permissions: 'rw-r--r--' },
  })
  expect(deleted_files).toEqual([])
})

test('a provider, or a configuration, without a disk is refused at set-up', async () => {
  await using temporary = await temporaryFolder()
  const hooks = ['DiskStateAnalyser', 'DiskCheckPointHook'].map((name) => ({
    name: `@see/hooks#${name}`,
    configuration: { results_folder: temporary.path },
  }))
  for (const [without, code] of [
    [{ lacking: ['disk'] }, 'ABILITY_MISSING'],
    [{ faults: { without: ['disk'] } }, 'CONFIGURATION_INVALID'],
  ] as const) {
    const factory = simulatedFactory(without)
    for (const hook of hooks) {
      const failed = Environment.allocate(factory, { hooks: [hook] })
      await expect(failed).rejects.toMatchObject({
        code: 'HOOK_SETUP',
        cause: { code },
      })
    }
  }
})
