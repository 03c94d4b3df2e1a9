import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, type FileHandle, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isCoded } from '../../../../common/is-coded.ts'
import { makeFolder } from '../../../../host/make-folder.ts'
import { requireTool } from '../../../../host/required-tool.ts'
import { emulatorScript } from './emulator-script.ts'

/** All users can get there, and only root can write. */
const FOLDER = '/var/cache/see/qemu'
const FOLDER_MODE = 0o755
const MODE = 0o755
const OTHERS_WRITE = 0o022
const ROOT = 0

/**
 * The program that jails a QEMU, which is written where it is not there yet. It has another name for another QEMU.
 * @returns its path
 * @throws Error saying why there is none
 */
export async function jailingEmulator(named: string): Promise<string> {
  const program = await realpath(named)
  const [bwrap, nsenter, setpriv, sleep] = await Promise.all([
    requireTool('bwrap', 'bubblewrap'),
    requireTool('nsenter', 'util-linux'),
    requireTool('setpriv', 'util-linux'),
    requireTool('sleep', 'coreutils'),
  ])
  const { ino, size, mtimeMs, ctimeMs } = await stat(program)
  const mark = [program, ino, size, mtimeMs, ctimeMs].join(' ')
  const text = emulatorScript(program, mark, { bwrap, nsenter, setpriv, sleep: await realpath(sleep) })
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const path = join(FOLDER, `${basename(program)}-${hash}`)
  if (await isWritten(path, text)) return path
  if (process.geteuid?.() !== ROOT) {
    throw new Error(`only root can write ${path}, by starting a guest through qemu:///system once`)
  }
  await makeFolder(FOLDER, FOLDER_MODE)
  await write(path, text)
  return path
}

/** @throws Error when another user than root could have written it */
async function isWritten(path: string, text: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (isCoded(error, 'ENOENT')) return false
    throw error
  }
  try {
    const { uid, mode } = await file.stat()
    if (uid !== ROOT || (mode & OTHERS_WRITE) !== 0) throw new Error(`${path} is not root's alone: remove it`)
    return (await file.readFile('utf8')) === text
  } finally {
    await file.close()
  }
}

/** Another process may write the same. */
async function write(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID()}`
  try {
    await writeFile(part, text, { flag: 'wx', mode: MODE })
    await chmod(part, MODE)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
