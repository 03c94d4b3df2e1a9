import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointOf, rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, ext4, quietly } from '../testing/disk-images.ts'
import { programsBut, withoutPrograms } from '../testing/fake-program.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

test('does not read what is too large, and keeps to the limit of what is extracted', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const root = rootFolder(folder)
  const before = ext4(join(folder, 'ext4'), root)
  for (const [name, length] of [
    ['a', 1000],
    ['b', 1000],
    ['large', 2001],
  ] as const) {
    writeFileSync(join(root, name), 'x'.repeat(length))
  }
  quietly('truncate', '-s', '1T', join(root, 'sparse'))
  const disk = asCheckpoint(folder, before, ext4(join(folder, 'after'), root))
  const limits = { size_limit: 2000, extract_limit: 1500, extract_files: true, use_concurrency: false }
  await using run = await diskAnalysis(folder, disk, limits)
  const files = Object.fromEntries((await run.analyse()).created_files.map((file) => [file.path, file]))
  expect(files['/a']).toMatchObject({ extracted: expect.stringContaining('_a'), sha1: expect.any(String) })
  expect(files['/b']).toMatchObject({
    skipped: 'not extracted: extract_limit is reached',
    sha1: expect.any(String),
  })
  for (const path of ['/large', '/sparse']) {
    expect(files[path]).toMatchObject({ skipped: 'larger than size_limit' })
    expect(files[path]).not.toHaveProperty('sha1')
  }
  expect(run.context.failures).toEqual([])
})

test.each([
  [{ timeout: 0.001 }, 'timeout'],
  [{ output_limit: 200, size_limit: 100 }, 'output_limit'],
])('a tool that exceeds a bound is a failure: %j', async (configuration, key) => {
  await using temporary = await temporaryFolder()
  await using run = await diskAnalysis(
    temporary.path,
    checkpointOf(temporary.path, ['rm gone']),
    configuration,
  )
  await expect(run.analyse()).rejects.toThrow('ENOENT')
  expect(run.context.failures).toMatchObject([{ error: { code: 'TOOL_FAILED' } }])
  expect(String(run.context.failures[0]?.error)).toContain(`exceeded its ${key}`)
  expect(await evidenceIn(run.results)).toEqual([])
})

test('refuses a limit of files that their reader could not keep to', async () => {
  await using temporary = await temporaryFolder()
  const disk = { image: 'x', checkpoint: 'x' }
  const failed = diskAnalysis(temporary.path, disk, { size_limit: 101, output_limit: 200 })
  await expect(failed).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
})

test('fails at set-up where a program is missing, saying how to get it', async () => {
  await using temporary = await temporaryFolder()
  await using _ = await withoutPrograms()
  const failed = diskAnalysis(temporary.path, { image: 'x', checkpoint: 'x' })
  await expect(failed).rejects.toMatchObject({ code: 'HOOK_SETUP', cause: { code: 'TOOL_MISSING' } })
  await expect(failed).rejects.toThrow('apt-get install sleuthkit')
})

test.each([
  ['strict', 'fiwalk', 'sleuthkit'],
  ['identify_files', 'file', 'file'],
])('%s needs %s, and nothing else does', async (key, program, debian) => {
  await using temporary = await temporaryFolder()
  await using _ = await programsBut(program)
  const disk = { image: 'x', checkpoint: 'x' }
  const others = { strict: true, identify_files: true, [key]: false }
  const run = await diskAnalysis(temporary.path, disk, others)
  await run[Symbol.asyncDispose]()
  const failed = diskAnalysis(temporary.path, disk, { ...others, [key]: true })
  await expect(failed).rejects.toThrow(
    `the program ${program} is not installed; install it: apt-get install ${debian}`,
  )
})
