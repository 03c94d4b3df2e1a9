import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changedDisk, pathsOf } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { unreadablePair } from '../testing/unreadable-content.ts'

/** An image and a checkpoint of it, with the given files made. */
function diskWith(parent: string, name: string, files: readonly string[]) {
  const folder = join(parent, name)
  mkdirSync(folder)
  const { before, after } = changedDisk(
    folder,
    files.map((file) => `write EVIL ${file}`),
  )
  return asCheckpoint(folder, before, after)
}

function twoDisks(folder: string, second: readonly string[] = ['second']) {
  const vdb = diskWith(folder, 'vdb', second)
  return { ...diskWith(folder, 'vda', ['first']), others: { vdb } }
}

test('each disk has a report, and files extracted from it, that name it', async () => {
  await using temporary = await temporaryFolder()
  const disks = twoDisks(temporary.path)
  await using run = await diskAnalysis(temporary.path, disks, { extract_files: true })
  const folders: string[] = []
  run.context.subscribe('files_extracted', ({ path }) => void folders.push(path))
  const second = await run.analyse('.vdb')
  const first = run.reportOf('')
  expect(pathsOf(first.created_files)).toEqual(['/first'])
  expect(first).not.toHaveProperty('disk')
  expect(Object.keys(second)[0]).toBe('disk')
  expect(second).toMatchObject({ disk: 'vdb', before: disks.others.vdb.image, after: null })
  expect(pathsOf(second.created_files)).toEqual(['/second'])
  const extracted = second.created_files[0]?.extracted ?? ''
  expect(readFileSync(join(run.results, extracted), 'utf8')).toContain('echo evil')
  const base = join(run.results, `${run.identifier}_extracted_files`)
  expect(folders).toEqual([base, `${base}.vdb`])
  expect(run.context.warnings).toEqual([])
  expect(run.context.failures).toEqual([])
})

test('checkpoints of several disks are compared each with its own', async () => {
  await using temporary = await temporaryFolder()
  const { others, ...first } = twoDisks(temporary.path)
  await using run = await diskAnalysis(temporary.path, { ...first, others })
  const other_disks = [{ disk: 'vdb', path: others.vdb.checkpoint }]
  await run.context.trigger('disk_checkpoint_taken', { path: first.checkpoint, other_disks })
  await run.context.trigger('disk_checkpoint_taken', { path: first.checkpoint, other_disks })
  expect(await run.analyse('.vdb')).toMatchObject({
    disk: 'vdb',
    before: others.vdb.checkpoint,
    after: others.vdb.checkpoint,
    created_files: [],
  })
  expect(run.reportOf('')).toMatchObject({ before: first.checkpoint, after: first.checkpoint })
})

test('a disk of which there is no checkpoint is a warning', async () => {
  await using temporary = await temporaryFolder()
  const disks = twoDisks(temporary.path)
  await using run = await diskAnalysis(temporary.path, disks)
  await run.context.trigger('disk_checkpoint_taken', { path: disks.checkpoint })
  const warning = { code: 'DISK_NOT_COMPARED', what: 'the disk vdb' }
  expect((await run.analyse()).warnings).toMatchObject([warning])
  expect(run.context.warnings).toMatchObject([warning])
})

test('bounds hold for all disks together, and warnings name the disk', async () => {
  await using temporary = await temporaryFolder()
  const disks = twoDisks(temporary.path, ['a', 'b', 'c'])
  const bounds = { extract_files: true, changes_limit: 3, extract_limit: 45 }
  await using run = await diskAnalysis(temporary.path, disks, bounds)
  expect(pathsOf((await run.analyse()).created_files)).toEqual(['/first'])
  expect(run.context.warnings).toMatchObject([
    { code: 'DISK_CHANGES_CUT', what: 'the disk vdb: the whole disk' },
    { code: 'DISK_FILES_NOT_EXTRACTED', what: 'the disk vdb: a file: /b' },
  ])
  const extracted = join(run.results, `${run.identifier}_extracted_files.vdb`)
  expect(readdirSync(extracted)).toEqual(['1_a'])
})

test('what cannot be analysed on one disk does not hide another', async () => {
  await using temporary = await temporaryFolder()
  const { before, after } = unreadablePair(temporary.path, 'noise')
  const unread = asCheckpoint(temporary.path, before, after)
  const vdb = diskWith(temporary.path, 'vdb', ['second'])
  await using run = await diskAnalysis(temporary.path, { ...unread, others: { vdb } })
  expect(pathsOf((await run.analyse('.vdb')).created_files)).toEqual(['/second'])
  expect(run.context.failures).toMatchObject([{ error: { code: 'EVIDENCE_UNSUPPORTED' } }])
})

test('a further disk without a file system is no failure', async () => {
  await using temporary = await temporaryFolder()
  const swap = unreadablePair(temporary.path, 'swap')
  const vdb = asCheckpoint(temporary.path, swap.before, swap.after)
  await using run = await diskAnalysis(temporary.path, {
    ...diskWith(temporary.path, 'vda', ['first']),
    others: { vdb },
  })
  expect((await run.analyse('.vdb')).partitions).toMatchObject([{ content: 'swap', compared: 'changed' }])
  expect(run.context.failures).toEqual([])
})
