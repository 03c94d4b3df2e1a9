import { lchown, lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LONGEST_SOCKET_PATH, type QemuUser } from '@see/qemu'
import { messageOf, SeeError } from '../../../common/errors.ts'
import { isCoded } from '../../../common/is-coded.ts'
import { makeFolder } from '../../../host/make-folder.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { hostEntry } from '../../../ledger/host-entries.ts'

const LONGEST_NAME = '/allow-15'.length

/** The one folder that holds what an environment has: its disk, QEMU's sockets and pipes. */
export class RunFolder {
  readonly path: string
  readonly user: QemuUser | undefined

  private constructor(path: string, user: QemuUser | undefined) {
    this.path = path
    this.user = user
  }

  /**
   * Makes it, closed to all but `user`; it is removed at the end, or else by a reaper.
   * @throws SeeError `STORAGE_FAILED`, `DISK_FULL` or `IDENTIFIER_TAKEN`
   */
  static async make(
    parent: string,
    identifier: string,
    user: QemuUser | undefined,
    releases: ReleaseStack,
  ): Promise<RunFolder> {
    const path = join(parent, identifier)
    if (Buffer.byteLength(path) + LONGEST_NAME > LONGEST_SOCKET_PATH) {
      throw new SeeError(
        'STORAGE_FAILED',
        `the path ${path} is too long for QEMU's sockets in it; choose a shorter disk.clone.storage_pool_path`,
      )
    }
    await makeParent(parent)
    let isOurs = true
    const entry = hostEntry('folder', `the folder ${path}`, { path })
    const folder = await releases.defer(entry, async () => {
      if (isOurs) await rm(path, { recursive: true, force: true })
    })
    try {
      await mkdir(path, { mode: 0o700 })
    } catch (error) {
      isOurs = false
      throw isCoded(error, 'EEXIST') ? taken(path) : unusable(path, error)
    }
    folder.made()
    const made = new RunFolder(path, user)
    await made.give('.')
    return made
  }

  /** The path of something in it. */
  of(name: string): string {
    return join(this.path, name)
  }

  /** Gives QEMU's user what we made in it, and not what a link leads to that a taken-over QEMU has put in its place. */
  async give(name: string): Promise<void> {
    if (this.user !== undefined) await lchown(this.of(name), this.user.uid, this.user.gid)
  }
}

/** Where environments have their folders when the configuration does not say. */
export function defaultParent(uid = process.geteuid?.() ?? 0): string {
  return uid === 0 ? '/var/lib/see/instances' : `/var/tmp/see-${uid}/instances`
}

async function makeParent(parent: string): Promise<void> {
  try {
    await makeFolder(parent, 0o755)
  } catch (error) {
    throw unusable(parent, error)
  }
  const uid = process.geteuid?.() ?? 0
  if (parent !== defaultParent(uid)) return
  // Where every user may create files, the name could be another user's trap.
  const owner = await lstat(join(parent, '..'))
  if (owner.uid === uid && !owner.isSymbolicLink()) return
  throw new SeeError(
    'STORAGE_FAILED',
    `${join(parent, '..')} belongs to another user; name a folder of yours as disk.clone.storage_pool_path`,
  )
}

function taken(path: string): SeeError {
  return new SeeError('IDENTIFIER_TAKEN', `${path} exists: another environment has the identifier`)
}

function unusable(path: string, error: unknown): SeeError {
  const code = isCoded(error, 'ENOSPC') ? 'DISK_FULL' : 'STORAGE_FAILED'
  return new SeeError(code, `${path} cannot be made: ${messageOf(error)}`, { cause: error })
}
