import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { expect, test } from 'vitest'
import type { FilesystemReport } from './filesystem-report.ts'
import { asCheckpoint, copyOf, debugfs, ext4, factoryWithDisk, folderWith } from './testing/disk-images.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

interface Disk {
  readonly image: string
  readonly checkpoint: string
}

async function allocate(folder: string, { image, checkpoint }: Disk, configuration: object = {}) {
  const results = join(folder, 'results')
  const disk = {
    image: { path: image, format: 'qcow2' },
    read: async () => createReadStream(checkpoint),
  }
  const environment = await Environment.allocate(factoryWithDisk(disk), {
    hooks: [
      { name: '@see/hooks#DiskStateAnalyser', configuration: { results_folder: results, ...configuration } },
    ],
  })
  const { context, identifier } = environment
  const analyse = async () => {
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
  }
  const report = (suffix = '') =>
    JSON.parse(
      readFileSync(join(results, `${identifier}_filesystem${suffix}.json`), 'utf8'),
    ) as FilesystemReport
  return { environment, context, identifier, results, analyse, report }
}

test('tells what was created, modified and deleted on a bare file system, and keeps the content', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const before = ext4(
    join(folder, 'ext4'),
    folderWith(join(folder, 'root'), {
      'etc/passwd': 'root\n',
      gone: 'gone\n',
      same: 'same\n',
      old: 'moved\n',
    }),
  )
  const after = copyOf(before)
  const changed = join(folder, 'new')
  writeFileSync(changed, '#!/bin/sh\necho evil\n')
  debugfs(
    after,
    'rm gone',
    `write ${changed} evil`,
    'rm etc/passwd',
    `write ${changed} etc/passwd`,
    'link old moved',
    'unlink old',
  )
  const disk = asCheckpoint(folder, before, after)
  const run = await allocate(folder, disk, { identify_files: true, extract_files: true })
  await using _ = run.environment
  await run.analyse()
  expect(run.context.failures).toEqual([])
  const { created_files, modified_files, deleted_files } = run.report()
  const sh = 'POSIX shell script, ASCII text executable'
  const evil = { type: sh, size: 20, sha1: '7da4e9bb7066dcfcf97b28f22fff2b63fe574ac9' }
  expect(created_files).toMatchObject([
    { path: '/evil', ...evil },
    { path: '/moved', renamed_from: '/old', type: 'ASCII text' },
  ])
  const passwd = { original_size: 5, original_sha1: '552c0ba71b1046a083583ebf943cc9aa09f39a32' }
  expect(modified_files).toMatchObject([
    { path: '/etc/passwd', ...evil, ...passwd, changes: ['size', 'content'] },
  ])
  expect(deleted_files).toMatchObject([{ path: '/gone', type: 'ASCII text', size: 5 }, { path: '/old' }])
  const [extracted = ''] = created_files.map((file) => file.extracted)
  expect(readFileSync(join(run.results, extracted), 'utf8')).toBe('#!/bin/sh\necho evil\n')
  const names = ['1_passwd', '2_evil', '3_moved']
  expect(readdirSync(join(run.results, `${run.identifier}_extracted_files`)).toSorted()).toEqual(names)
  expect(readdirSync(run.results)).toHaveLength(2)
})
