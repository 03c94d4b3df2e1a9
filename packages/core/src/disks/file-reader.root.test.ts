import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { DiskImage } from './disk-image.ts'
import { assertReadableBy, type FileReader } from './file-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-readers-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true }))

/** Debian's user `nobody`, whose one group is `nogroup`. */
const nobody: FileReader = { uid: 65_534, gid: 65_534 }
/** A user whom this host does not know, in a group beside its own. */
const unknown: FileReader = { uid: 1_900_000_001, gid: 1_900_000_001, groups: [1_900_000_002] }

let count = 0
function file(mode: number, uid = 0, gid = 0, where = folder): string {
  const path = join(where, `file-${++count}`)
  writeFileSync(path, 'x')
  chownSync(path, uid, gid)
  chmodSync(path, mode)
  return path
}

function closedFolder(mode: number): string {
  const path = join(folder, `folder-${++count}`)
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

function withAccess(path: string, entry: string): string {
  execFileSync('setfacl', ['-m', entry, path])
  return path
}

const imageOf = (path: string, backing?: DiskImage): DiskImage => {
  return { path, format: 'raw', identity: '', backing }
}

test.each([
  ['that all may', nobody, () => file(0o644)],
  ['of its own', nobody, () => file(0o600, nobody.uid)],
  ['of its group', nobody, () => file(0o640, 0, nobody.gid)],
  ['of a further group', unknown, () => file(0o640, 0, 1_900_000_002)],
  ['that an access list opens to it', nobody, () => withAccess(file(0o600), 'u:65534:r')],
  [
    'in a folder that an access list opens to it',
    nobody,
    () => file(0o644, 0, 0, withAccess(closedFolder(0o700), 'u:65534:x')),
  ],
  ['of root’s, if it is root', { uid: 0, gid: 0 }, () => file(0o600)],
])('QEMU’s user reads a file %s', async (_what, reader, make) => {
  await assertReadableBy(reader, imageOf(make()), 0)
})

test.each([
  ['of root’s', nobody, () => file(0o600)],
  ['of its own that only others may read', nobody, () => file(0o044, nobody.uid)],
  ['of another group', nobody, () => file(0o640)],
  ['of another group, as an unknown user', unknown, () => file(0o640)],
  ['in a folder of root’s', nobody, () => file(0o644, 0, 0, closedFolder(0o700))],
  ['in a folder that can be listed only', nobody, () => file(0o644, 0, 0, closedFolder(0o754))],
  ['that an access list opens to another user', nobody, () => withAccess(file(0o600), 'u:1:r')],
])('QEMU’s user does not read a file %s, and that is said', async (_what, reader, make) => {
  const path = make()
  const refusal = { code: 'IMAGE_REFUSED', message: expect.stringContaining(path) }
  await expect(assertReadableBy(reader, imageOf(path), 0)).rejects.toMatchObject(refusal)
  await expect(assertReadableBy(reader, imageOf(file(0o644), imageOf(path)), 1)).rejects.toMatchObject(
    refusal,
  )
  // One that is copied is read by us.
  await assertReadableBy(reader, imageOf(path), 1)
})
