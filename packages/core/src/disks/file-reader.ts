import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SeeError } from '../common/errors.ts'
import { requireTool } from '../host/required-tool.ts'
import { runBounded } from '../host/bounded-process.ts'
import { type DiskImage, layersOf } from './disk-image.ts'

const READ = 4
const SEARCH = 1
const TIMEOUT_MS = 10_000

/** The user and groups that QEMU runs with when it opens images. */
export interface FileReader {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups; undefined for those of the host's group database. */
  readonly groups?: readonly number[] | undefined
}

/**
 * Checks that QEMU's own user can read every file of a chain, so that no file has to change its owner for QEMU.
 * @param from index of the first layer to check: 1 if the image itself is copied and never opened by QEMU
 * @throws SeeError `IMAGE_REFUSED`
 */
export async function assertReadableBy(reader: FileReader, image: DiskImage, from: 0 | 1): Promise<void> {
  for (const { path } of layersOf(image).slice(from)) {
    if (await mayRead(reader, path)) continue
    const advice =
      path === image.path
        ? 'let it (chmod o+r, and o+x for the folders above), or say disk.clone.copy_on_write: false'
        : 'let it (chmod o+r, and o+x for the folders above), if it is meant to be read by guests'
    const what = path === image.path ? path : `${image.path} is an overlay of ${path}, which`
    const why = `QEMU's user (${reader.uid}) cannot read`
    throw new SeeError(
      'IMAGE_REFUSED',
      path === image.path ? `${why} ${path}: ${advice}` : `${what} ${why}: ${advice}`,
    )
  }
}

/** Whether a user can read a file of this host, and get to it. */
export async function mayRead(reader: FileReader, path: string): Promise<boolean> {
  if (reader.uid === 0) return true
  let isCertain = true
  for (let each = path, need = READ; ; each = dirname(each), need = SEARCH) {
    const answer = permits(reader, await stat(each), need)
    if (answer === 'no') return false
    if (answer === 'unknown') isCertain = false
    if (each === dirname(each)) break
  }
  return isCertain || (await askKernel(reader, path))
}

/**
 * What the mode of a file or folder permits. With a POSIX access list, the group bits are the mask of all named users: a
 * missing bit there is a certain no. An access list that denies more than the mode shows is noticed when QEMU opens the file.
 */
function permits({ uid, gid }: FileReader, facts: Stats, need: number): 'yes' | 'no' | 'unknown' {
  const { mode } = facts
  const group = (mode >> 3) & need
  if (facts.uid === uid) return (mode >> 6) & need ? 'yes' : 'no'
  if (facts.gid === gid) return group ? 'yes' : 'no'
  if (mode & need) return 'yes'
  return group ? 'unknown' : 'no'
}

/** Only root can check for another user; for anyone else the answer comes when QEMU opens the file. */
async function askKernel({ uid, gid, groups }: FileReader, path: string): Promise<boolean> {
  if (process.geteuid?.() !== 0) return true
  const setpriv = await requireTool('setpriv', 'util-linux')
  const further =
    groups === undefined
      ? '--init-groups'
      : groups.length === 0
        ? '--clear-groups'
        : `--groups=${groups.join(',')}`
  const argv = [setpriv, `--reuid=${uid}`, `--regid=${gid}`, further, '--', 'test', '-r', path] as const
  const options = { stdin: '', timeoutMs: TIMEOUT_MS, maxOutputBytes: 4096, env: {}, signal: undefined }
  const late = () =>
    new SeeError(
      'IMAGE_REFUSED',
      `whether QEMU's user can read ${path} was not known within ${TIMEOUT_MS} ms`,
    )
  const { exitCode } = await runBounded(argv, options, late)
  return exitCode === 0
}
