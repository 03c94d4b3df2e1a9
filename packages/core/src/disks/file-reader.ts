import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SeeError } from '../errors.ts'
import { requireTool } from '../required-tool.ts'
import { runBounded } from '../resources/bounded-process.ts'
import { type DiskImage, layersOf } from './disk-image.ts'

const READ = 4
const SEARCH = 1
const TIMEOUT_MS = 10_000

/** The user as which QEMU opens the images of a guest. */
export interface FileReader {
  readonly uid: number
  readonly gid: number
  /** Its further groups; undefined for those that this host has for the user. */
  readonly groups?: readonly number[] | undefined
}

/**
 * Sees to it that QEMU can read every file of a chain as its own user: only then does nobody have to give it a file of
 * root's.
 * @param from the first layer that QEMU opens: 1 where the image itself is copied
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

async function mayRead(reader: FileReader, path: string): Promise<boolean> {
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
 * By the mode of a file or folder. An access list may let more users in than the mode shows, but no more of them than the
 * bits of the group; one that lets fewer in is met when QEMU opens the file.
 */
function permits({ uid, gid }: FileReader, facts: Stats, need: number): 'yes' | 'no' | 'unknown' {
  const { mode } = facts
  const group = (mode >> 3) & need
  if (facts.uid === uid) return (mode >> 6) & need ? 'yes' : 'no'
  if (facts.gid === gid) return group ? 'yes' : 'no'
  if (mode & need) return 'yes'
  return group ? 'unknown' : 'no'
}

/** Who is not root cannot ask for another user, and leaves it to QEMU. */
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
  const late = () => new SeeError('IMAGE_REFUSED', `${path} was not looked at within ${TIMEOUT_MS} ms`)
  const { exitCode } = await runBounded(argv, options, late)
  return exitCode === 0
}
