import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { SeeError } from '../common/errors.ts'

/** Debian leaves these out of an ordinary user's PATH. */
const ADMINISTRATORS_FOLDERS = ['/usr/sbin', '/sbin']

/** The path of a program of this host; undefined where it is not installed. */
export async function findTool(name: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of [...folders, ...ADMINISTRATORS_FOLDERS]) {
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

/**
 * Finds a program of this host.
 * @param debianPackage what to install where it is missing
 * @returns its path
 * @throws SeeError `TOOL_MISSING`
 */
export async function requireTool(name: string, debianPackage: string): Promise<string> {
  const path = await findTool(name)
  if (path !== undefined) return path
  throw new SeeError(
    'TOOL_MISSING',
    `the program ${name} is not installed; install it: apt-get install ${debianPackage}`,
  )
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
