import { lstatSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointOf, rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, quietly } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

/** A disk with the usual files, which commands of debugfs change on the second, and their new times. */
async function modified(
  folder: string,
  commands: readonly string[],
  configuration: object = {},
  options: string[] = [],
) {
  const before = ext4(join(folder, 'ext4'), rootFolder(folder))
  if (options.length > 0)
    quietly('mke2fs', '-F', '-q', '-t', 'ext4', '-d', join(folder, 'root'), ...options, before)
  const after = copyOf(before)
  debugfs(after, ...commands)
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after), configuration)
  const { modified_files, warnings, errors } = await run.analyse()
  expect([warnings, errors]).toEqual([[], []])
  return Object.fromEntries(modified_files.map((file) => [file.path, file]))
}

/** debugfs takes seconds since 1970 behind an @, and sets the bits beyond 32. */
const time = (file: string, seconds: number) => `set_inode_field ${file} mtime @${seconds}`

test('times of ext4 before 1970 and after 2038 are right', async () => {
  await using temporary = await temporaryFolder()
  const times = { same: -2, old: -2_147_483_648, gone: 2_147_483_648, 'etc/passwd': 15_032_385_535 }
  const commands = Object.entries(times).map(([file, seconds]) => time(file, seconds))
  const files = await modified(temporary.path, [...commands, 'set_inode_field same mtime_extra 493827156'])
  const mtimes = Object.fromEntries(Object.entries(files).map(([path, { mtime }]) => [path, mtime]))
  expect(mtimes).toEqual({
    '/etc/passwd': '2446-05-10T22:38:55Z',
    '/gone': '2038-01-19T03:14:08Z',
    '/old': '1901-12-13T20:45:52Z',
    '/same': '1969-12-31T23:59:58.123456789Z',
  })
})

test('times of small inodes, which end in 2038, are right', async () => {
  await using temporary = await temporaryFolder()
  const commands = [time('same', -86_400), time('old', 2_147_483_647)]
  const files = await modified(temporary.path, commands, {}, ['-I', '128'])
  expect(files['/same']).toMatchObject({ mtime: '1969-12-31T00:00:00Z', changes: ['mtime'] })
  expect(files['/old']).toMatchObject({ mtime: '2038-01-19T03:14:07Z' })
})

/** As the kernel does when it changes what is no content. */
const touched = (file: string) => `set_inode_field ${file} ctime @2000000000`
/** As getxattr gives it: of the owner, of user 7, of the group, the mask, of others. */
const ACL =
  '02000000 01000600ffffffff 0200060007000000 04000400ffffffff 10000600ffffffff 20000400ffffffff'.replaceAll(
    ' ',
    '',
  )
const CAPABILITY = 'AQAAAoAAAAAAAAAAAAAAAAAAAAA='

test('attributes, capabilities, access control lists and flags are compared', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [capability, acl, long] = ['capability', 'acl', 'long'].map((name) => join(folder, name))
  writeFileSync(capability ?? '', Buffer.from(CAPABILITY, 'base64'))
  writeFileSync(acl ?? '', Buffer.from(ACL, 'hex'))
  writeFileSync(long ?? '', 'x'.repeat(500))
  const files = await modified(folder, [
    `ea_set -f ${capability} same security.capability`,
    touched('same'),
    `ea_set -f ${acl} etc system.posix_acl_access`,
    touched('etc'),
    `ea_set -f ${long} old user.long`,
    'ea_set old user.short "a word"',
    touched('old'),
    'set_inode_field etc/passwd flags 0x80010',
    touched('etc/passwd'),
    touched('gone'),
  ])
  expect(files).toMatchObject({
    '/same': {
      changes: ['attributes'],
      attributes: { 'security.capability': expect.stringMatching(/^0x0100000280/) },
      original_attributes: {},
    },
    '/etc': {
      changes: ['attributes'],
      attributes: { 'system.posix_acl_access': `0x${ACL}` },
    },
    '/old': { changes: ['attributes'], attributes: { 'user.short': '"a word"' } },
    '/etc/passwd': { changes: ['flags'], flags: 'i', original_flags: '' },
  })
  expect(Object.keys(files)).toHaveLength(4)
})

test('attributes that lie where no disk is are a warning', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const disk = checkpointOf(folder, ['set_inode_field same file_acl 99999999', touched('same')])
  await using run = await diskAnalysis(folder, disk)
  const { warnings } = await run.analyse()
  expect(warnings).toMatchObject([
    {
      code: 'DISK_FILES_NOT_READ',
      what: 'files of the whole disk, ext4, of the guest’s disk',
      why: '/same (its attributes and flags lie on damaged blocks)',
    },
  ])
})

test('attributes are compared in strict mode though the times are the same', async () => {
  await using temporary = await temporaryFolder()
  const files = await modified(temporary.path, ['ea_set same user.a b'], { strict: true })
  expect(files).toMatchObject({ '/same': { changes: ['attributes'], attributes: { 'user.a': '"b"' } } })
  expect(Object.keys(files)).toHaveLength(1)
})

test('a device that became another is modified', async () => {
  await using temporary = await temporaryFolder()
  const before = ext4(join(temporary.path, 'ext4'), rootFolder(temporary.path))
  debugfs(before, 'mknod null c 1 3')
  const after = copyOf(before)
  debugfs(after, 'set_inode_field null block[0] 0x801', touched('null'))
  await using run = await diskAnalysis(temporary.path, asCheckpoint(temporary.path, before, after))
  const { modified_files } = await run.analyse()
  expect(modified_files).toMatchObject([
    { path: '/null', changes: ['device'], device: '8:1', original_device: '1:3' },
  ])
})

test('the target of a link that is too long for its inode is compared and reported', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const [was, is] = ['x'.repeat(100), 'y'.repeat(100)]
  const root = rootFolder(folder)
  symlinkSync(was, join(root, 'long'))
  const before = ext4(join(folder, 'ext4'), root)
  const after = copyOf(before)
  const { mtimeMs } = lstatSync(join(root, 'long'))
  const seconds = Math.floor(mtimeMs / 1000)
  debugfs(
    after,
    `symlink new ${was}`,
    'rm long',
    `symlink long ${is}`,
    `set_inode_field long mtime @${seconds}`,
    'set_inode_field long mtime_extra 0',
    touched('long'),
  )
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  const { created_files, modified_files } = await run.analyse()
  expect(created_files).toMatchObject([{ path: '/new', type: 'symbolic link', target: was }])
  expect(modified_files).toMatchObject([
    { path: '/long', changes: expect.arrayContaining(['target']), target: is, original_target: was },
  ])
})
