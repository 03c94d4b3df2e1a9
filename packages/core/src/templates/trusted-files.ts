import type { Stats } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { templateFiles } from './template-files.ts'

const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
/** Users who may write to such a folder can remove and rename only what is their own. */
const STICKY = 0o1000

/**
 * Checks that no other user could have made a template or can change it: its memory runs with the user's rights on
 * this host.
 * @param root the folder of all templates
 * @throws Error saying what is wrong
 */
export async function assertTrusted(root: string, folder: string): Promise<void> {
  await assertTrustedRoot(root)
  const itself = await lstat(folder)
  if (!itself.isDirectory()) throw new Error(`${folder} is not a folder`)
  assertOnlyOurs(folder, itself, GROUP_WRITES | OTHERS_WRITE)
  for (const name of ['manifest.json', ...Object.values(templateFiles)]) {
    const path = join(folder, name)
    // A missing one is reported by its user.
    const file = await lstat(path).catch(() => undefined)
    if (file === undefined) continue
    if (!file.isFile()) throw new Error(`${path} is not a file`)
    // QEMU 7.2, which is in a group of its own, opens the memory for writing in any case.
    const closed = name === templateFiles.memory ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE
    assertOnlyOurs(path, file, closed)
  }
}

/**
 * The same of the folder of all templates.
 * @throws Error saying what is wrong
 */
export async function assertTrustedRoot(root: string): Promise<void> {
  const found = await stat(root)
  assertOnlyOurs(root, found, (found.mode & STICKY) === 0 ? GROUP_WRITES | OTHERS_WRITE : 0)
}

function assertOnlyOurs(path: string, { uid, mode }: Stats, closed: number): void {
  const own = process.geteuid?.()
  if (uid !== 0 && uid !== own) {
    throw new Error(`${path} belongs to user ${uid}, and only templates of root and of user ${own} are used`)
  }
  if ((mode & closed) === 0) return
  const who = (mode & OTHERS_WRITE) === 0 ? 'its group' : 'every user'
  throw new Error(`${who} may write to ${path} (mode ${(mode & 0o7777).toString(8)})`)
}
