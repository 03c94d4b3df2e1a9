import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { SeeError } from '@see/core'

/**
 * The path of a program of this host.
 * @param debianPackage what to install when it is missing
 * @throws SeeError `TOOL_MISSING`
 */
export async function findProgram(program: string, debianPackage: string): Promise<string> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = program.includes('/') ? [program] : folders.map((folder) => join(folder, program))
  for (const path of candidates) {
    if (await isExecutable(path)) return path
  }
  throw new SeeError(
    'TOOL_MISSING',
    `the program ${program} is not on this host; install it: apt-get install --no-install-recommends ${debianPackage}`,
  )
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
