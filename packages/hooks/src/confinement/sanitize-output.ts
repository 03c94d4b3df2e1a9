import { execFile } from 'node:child_process'
import { chmod, lchown, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { childEnvironment } from '@see/core'
import { evidenceModes } from '../results/evidence-file.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Deeper folders are of no tool that means well. */
const MAX_DEPTH = 32

/**
 * Makes what a confined command wrote the caller's own: plain files and folders stay; links, devices, sockets and what
 * lies too deep are removed, so that they cannot lead a reader of the results astray.
 * @param owner its owner from now on; undefined when it is the caller already
 */
export async function sanitizeOutput(folder: string, owner: Owner | undefined, depth = 0): Promise<void> {
  await claim(folder, evidenceModes.folder, owner)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && depth < MAX_DEPTH) await sanitizeOutput(path, owner, depth + 1)
    else if (entry.isFile()) await claim(path, evidenceModes.file, owner)
    else if (entry.isDirectory())
      await promisify(execFile)('rm', ['-rf', '--', path], { env: childEnvironment() })
    else await rm(path)
  }
}

async function claim(path: string, mode: number, owner: Owner | undefined): Promise<void> {
  if (owner !== undefined) await lchown(path, owner.uid, owner.gid)
  await chmod(path, mode)
}
