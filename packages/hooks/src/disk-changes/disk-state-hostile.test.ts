import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changedDisk, pathsOf, rootFolder, withTwoNamesEach } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, partitioned, quietly } from '../testing/disk-images.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

test('is not led astray by names', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const root = rootFolder(folder)
  const before = ext4(join(folder, 'ext4'), root)
  const names = [
    'a\nb',
    'a^b',
    '\u001b[31mred',
    '..\\..\\x',
    '($FILE_NAME)',
    'a -> b',
    'x|1|2',
    'x'.repeat(255),
  ]
  names.push('\u202egpj.exe', '-rf', '$(touch x)', 'über')
  for (const name of names) writeFileSync(join(root, name), name)
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'no text')
  mkdirSync(join(root, 'dir'))
  // Names that no kernel creates: they are put in place of others of their length.
  for (const name of ['placeholder-one', 'placeholder-2']) writeFileSync(join(root, 'dir', name), 'placed')
  const forged = ext4(join(folder, 'forged'), root)
  const bytes = readFileSync(forged).toString('latin1')
  const patched = bytes
    .replaceAll('placeholder-one', '../../../../evl')
    .replaceAll('placeholder-2', '/etc/../xyzab')
  writeFileSync(forged, patched, 'latin1')
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, forged), {
    extract_files: true,
    identify_files: true,
  })
  const report = await run.analyse()
  const created = pathsOf(report.created_files)
  expect(created).toEqual(
    expect.arrayContaining(['/a^b', '/a^b', '/^[31mred', String.raw`/..\\..\\x`, '/($FILE_NAME)', '/a -> b']),
  )
  expect(created).toEqual(
    expect.arrayContaining([
      '/x|1|2',
      `/${'x'.repeat(255)}`,
      '/\u202egpj.exe',
      String.raw`/\xff\xfe`,
      '/über',
    ]),
  )
  expect(created).toEqual(expect.arrayContaining(['/dir/../../../../evl', '/dir//etc/../xyzab']))
  const text = readFileSync(join(run.results, `${run.identifier}_filesystem.json`), 'utf8')
  expect(text).not.toMatch(/[^\n\P{C}]/u)
  const extracted = `${run.identifier}_extracted_files`
  for (const name of names) {
    const found = report.created_files.filter(({ extracted: path = 'none' }) => {
      return path !== 'none' && readFileSync(join(run.results, path), 'utf8') === name
    })
    expect(found).toHaveLength(1)
  }
  expect(readdirSync(join(run.results, extracted)).every((name) => /^\d+_[\w.-]*$/.test(name))).toBe(true)
  expect(await evidenceIn(run.results)).toHaveLength(2)
  expect(readdirSync(folder)).not.toContain('evl')
})

test('finds in strict mode what only the content shows', async () => {
  await using temporary = await temporaryFolder()
  const { before } = changedDisk(temporary.path, [])
  const after = copyOf(before)
  // Older than the disk's last second, in which every file's content is looked at.
  for (const image of [before, after]) {
    debugfs(image, 'set_inode_field same mtime 20200101', 'set_inode_field same ctime 20200101')
  }
  const bytes = readFileSync(after).toString('latin1').replace('same\n\0', 'evil\n\0')
  writeFileSync(after, bytes, 'latin1')
  const disk = asCheckpoint(temporary.path, before, after)
  await using usual = await diskAnalysis(temporary.path, disk)
  expect((await usual.analyse()).modified_files).toEqual([])
  await using strict = await diskAnalysis(temporary.path, disk, { strict: true })
  const report = await strict.analyse()
  expect(report.modified_files).toMatchObject([{ path: '/same', changes: ['content'] }])
  expect([report.created_files, report.deleted_files, report.errors]).toEqual([[], [], []])
})

test('a file system that was wiped, or that cannot be listed, is a failure and not one without files', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, [
    'set_inode_field / block[0] 99999999',
    'set_inode_field / block[2] 99999999',
  ])
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  const unlisted = await run.analyse()
  expect(unlisted).toMatchObject({ created_files: [], modified_files: [], deleted_files: [] })
  expect(unlisted.errors).toEqual([expect.stringContaining('the whole disk, ext4, cannot be listed: fls')])
  expect(unlisted.warnings).toMatchObject([{ code: 'DISK_PARTITION_NOT_COMPARED' }])
  expect(run.context.failures).toMatchObject([{ error: { code: 'TOOL_FAILED' } }])
  writeFileSync(after, Buffer.alloc(16 * 1024 * 1024))
  await using wiped = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  const report = await wiped.analyse()
  expect(report.errors).toEqual([
    expect.stringContaining('ext4 of the whole disk cannot be recognised any more'),
  ])
  expect(report.deleted_files).toEqual([])
  expect(wiped.context.failures).toMatchObject([{ error: { code: 'TOOL_FAILED' } }])
  expect((await evidenceIn(run.results)).filter((name) => name.startsWith('.'))).toEqual([])
})

test.each([
  ['has no end', {}, 'again and again'],
  [
    'is longer than it may be',
    { size_limit: 1024 ** 2, output_limit: 4 * 1024 ** 2 },
    'more than output_limit',
  ],
])(
  'a file system whose listing %s is the failure of its own partition',
  async (_how, bounds, why) => {
    await using temporary = await temporaryFolder()
    const folder = temporary.path
    const { before, after } = changedDisk(folder, ['write EVIL evil'])
    const endless = copyOf(after)
    withTwoNamesEach(endless)
    const disks = [
      [before, before],
      [after, endless],
    ].map((each, index) => partitioned(join(folder, `disk${index}`), 'gpt', each))
    await using run = await diskAnalysis(folder, asCheckpoint(folder, disks[0] ?? '', disks[1] ?? ''), bounds)
    const report = await run.analyse()
    expect(pathsOf(report.created_files)).toEqual(['p1:/evil'])
    expect(report.errors).toEqual([expect.stringMatching(`^p2 .* cannot be listed: fls .* ${why}`)])
    expect(report.warnings).toMatchObject([{ code: 'DISK_PARTITION_NOT_COMPARED' }])
  },
  60_000,
)

test('directories without end, deeper than a listing goes: they are not listed, and all others are', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const deep = Array.from({ length: 124 }, () => ['mkdir deep', 'cd deep']).flat()
  withTwoNamesEach(after, ...deep)
  const bounds = { size_limit: 1024 ** 2, output_limit: 8 * 1024 ** 2 }
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), bounds)
  const report = await run.analyse()
  expect(pathsOf(report.created_files)).toContain('/evil')
  expect(report.warnings).toMatchObject([{ code: 'DISK_FILES_NOT_LISTED' }])
  expect([report.errors, run.context.failures]).toEqual([[], []])
}, 60_000)

test('neither a partition table that is gone, nor one that was not there, hides a file', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const [disk, changed] = [before, after].map((each, index) =>
    partitioned(join(folder, `disk${index}`), 'dos', [each]),
  )
  const bytes = readFileSync(changed ?? '')
  writeFileSync(changed ?? '', bytes.fill(0, 446, 510))
  await using gone = await diskAnalysis(folder, asCheckpoint(folder, disk ?? '', changed ?? ''))
  expect(pathsOf((await gone.analyse()).created_files)).toEqual(['p1:/evil'])
  expect(gone.context.failures).toEqual([])
  // In the first kilobyte of its own, which ext4 leaves alone.
  writeFileSync(after, Buffer.concat([bytes.subarray(0, 512), readFileSync(after).subarray(512)]))
  await using forged = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  expect(pathsOf((await forged.analyse()).created_files)).toEqual(['/evil'])
})

test('a checkpoint or disk that leads to other files, or to a server, is not opened', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const { image, checkpoint } = asCheckpoint(folder, before, after)
  let connections = 0
  const server = createServer(() => void connections++).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  for (const backing of ['/etc/passwd', `nbd://127.0.0.1:${port}/x`]) {
    quietly('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', backing, checkpoint)
    await using taken = await diskAnalysis(folder, { image, checkpoint })
    // By another hook, which looked at nothing.
    await taken.context.trigger('disk_checkpoint_taken', { path: checkpoint })
    await expect(taken.analyse()).rejects.toThrow('ENOENT')
    expect(taken.context.failures).toMatchObject([{ error: { code: 'EVIDENCE_UNSUPPORTED' } }])
    await using read = await diskAnalysis(folder, { image, checkpoint })
    await expect(read.analyse()).rejects.toThrow('ENOENT')
    expect(read.context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
  }
  server.close()
  expect(connections).toBe(0)
})

test('the image’s base is compared as it was given, whatever the header names', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const { image, checkpoint } = asCheckpoint(folder, before, after)
  const base = join(folder, 'the base')
  renameSync(image, base)
  quietly('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, image)
  quietly('qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', '/nowhere', image)
  const backing = { path: base, format: 'qcow2' }
  await using run = await diskAnalysis(folder, { image, checkpoint, backing })
  expect(pathsOf((await run.analyse()).created_files)).toEqual(['/evil'])
})
