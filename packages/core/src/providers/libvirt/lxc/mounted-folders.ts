import { chown, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { removeTree } from '../../../host/remove-tree.ts'
import { hostEntry } from '../../../ledger/host-entries.ts'
import type { filesystemSchema } from './lxc-configuration.ts'

/** What a container left may be much. */
const REMOVAL_TIMEOUT_MS = 120_000

export interface MountedFolder {
  readonly sourcePath: string
  readonly targetPath: string
}

/**
 * The places of the folders of one environment.
 * @throws SeeError `FILE_UNREADABLE` when a source path is not a folder
 */
export async function planFolders(
  filesystems: z.output<typeof filesystemSchema>,
  folder: string,
  identifier: string,
): Promise<MountedFolder[]> {
  return await Promise.all(
    filesystems.map(async ({ source_path, target_path }) => {
      const parent = resolve(folder, source_path)
      await assertFolder(parent)
      return { sourcePath: join(parent, identifier), targetPath: target_path }
    }),
  )
}

/**
 * Makes the folders; they go away with all that the container leaves in them.
 * @throws SeeError `STORAGE_FAILED`
 */
export async function makeFolders(
  folders: readonly MountedFolder[],
  { uid, gid }: { readonly uid: number; readonly gid: number },
  releases: ReleaseStack,
): Promise<void> {
  for (const folder of new Set(folders.map(({ sourcePath }) => sourcePath))) {
    let isOurs = false
    const entry = hostEntry('folder', `folder ${folder}`, { path: folder })
    const recorded = await releases.defer(
      entry,
      async () => {
        if (isOurs) await removeTree(folder)
      },
      REMOVAL_TIMEOUT_MS,
    )
    try {
      await mkdir(folder)
      isOurs = true
      recorded.made()
      if (uid !== 0 || gid !== 0) await chown(folder, uid, gid)
    } catch (error) {
      throw new SeeError('STORAGE_FAILED', `cannot make the folder ${folder}: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
}

async function assertFolder(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new Error('it is not a folder')
  } catch (error) {
    const message = `the source_path ${path} of a filesystem cannot be used: ${messageOf(error)}`
    throw new SeeError('FILE_UNREADABLE', message, { cause: error })
  }
}
