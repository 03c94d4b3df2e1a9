import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { promisify } from 'node:util'

const TIMEOUT_MS = 20_000

/** The options of nsenter, and the files in /proc. */
const NAMESPACES = {
  '--mount': 'mnt',
  '--net': 'net',
  '--pid': 'pid',
  '--ipc': 'ipc',
  '--uts': 'uts',
  '--cgroup': 'cgroup',
} as const

function isAnother(pid: number, file: string): boolean {
  return readlinkSync(`/proc/${pid}/ns/${file}`) !== readlinkSync(`/proc/self/ns/${file}`)
}

/** The lists of numbers in a process's `status`. */
function numbers(pid: number, name: string): string[] {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, list = ''] = new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status) ?? []
  return list.trim().split(/\s+/).filter(Boolean)
}

/**
 * Runs a script of busybox where a process is: with its user and groups, without capabilities, in all of its namespaces.
 * @param busybox the program's path there
 * @returns what it prints
 */
export async function inPlaceOf(pid: number, busybox: string, script: string): Promise<string> {
  const [uid = ''] = numbers(pid, 'Uid')
  const [gid = ''] = numbers(pid, 'Gid')
  const groups = numbers(pid, 'Groups')
  const asUser = [
    ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--bounding-set=-all', '--inh-caps=-all'],
    groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`],
  ].flat()
  // Only root may enter those that are this process's as well.
  const namespaces = Object.entries(NAMESPACES).filter(([, file]) => isAnother(pid, file))
  const entering = ['nsenter', '--target', String(pid), ...namespaces.map(([option]) => option)]
  // Who owns a user namespace may enter it, and has no capability there once it runs a program.
  const hasUsers = isAnother(pid, 'user')
  const way = hasUsers
    ? [...asUser, ...entering, '--user', '--preserve-credentials', '--']
    : [...entering, '--', ...asUser]
  const options = { env: { PATH: process.env['PATH'] }, timeout: TIMEOUT_MS }
  return (await promisify(execFile)('env', [...way, busybox, 'sh', '-c', script], options)).stdout
}
