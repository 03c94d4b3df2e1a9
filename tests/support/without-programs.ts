import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Runs a command for which programs are not there: in a mount namespace of its own, something that cannot be executed
 * lies over each. Returns what the command prints.
 */
export async function withoutPrograms(programs: readonly string[], argv: readonly string[]): Promise<string> {
  const paths = programs.flatMap(placesOf)
  const mask = 'while [ "$1" != -- ]; do mount --bind /dev/null "$1" || exit; shift; done; shift; exec "$@"'
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const unshare = ['--mount', ...asRoot, 'sh', '-c', mask, 'sh', ...paths, '--', ...argv]
  const { stdout } = await promisify(execFile)('unshare', unshare, { encoding: 'utf8' })
  return stdout
}

/** Runs a command that can make no namespaces, as in a container that forbids it. */
export async function withoutNamespaces(argv: readonly string[]): Promise<string> {
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
  const unshare = ['--user', '--map-root-user', 'sh', '-c', forbid, 'sh', ...argv]
  const { stdout } = await promisify(execFile)('unshare', unshare, { encoding: 'utf8' })
  return stdout
}

/** Every file that is found under a program's name. */
function placesOf(program: string): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const found = folders.map((folder) => join(folder, program)).filter((path) => existsSync(path))
  return [...new Set(found.map((path) => realpathSync(path)))]
}
