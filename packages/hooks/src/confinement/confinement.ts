import { lstatSync } from 'node:fs'
import { descriptors } from './bubblewrap.ts'

/** What a confined command may touch, and how much it may use. */
export interface Confinement {
  /** Files and folders it may read; absolute paths, which are the same inside. */
  readonly readable: readonly string[]
  /** The one folder it may write, if any. */
  readonly writable: string | undefined
  readonly memoryBytes: number
  readonly outputBytes: number
}

/** The user and group of a command when root confines it: `nobody`. */
export const UNPRIVILEGED_ID = 65_534

/** Processes and threads that may live at one time. */
const MAX_PROCESSES = 64
const MAX_OPEN_FILES = 256

/**
 * The places of programs and libraries; on a merged system links into /usr. In /etc only what the dynamic loader and
 * Debian's alternatives need.
 */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc/ld.so.cache', '/etc/alternatives']

/** What bubblewrap's `--disable-userns` does, which needs a mapping of its own. */
const NO_NAMESPACES = 'echo 0 >/proc/sys/user/max_user_namespaces || exit; '
const CLOSE_DESCRIPTORS = `exec ${Object.values(descriptors)
  .map((descriptor) => `${descriptor}<&-`)
  .join(' ')}`

/** The arguments of bubblewrap for a command. */
export function confinementArguments(
  argv: readonly string[],
  confinement: Confinement,
  asRoot: boolean,
): string[] {
  return [
    ['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'],
    ['--unshare-cgroup-try', '--die-with-parent', '--new-session', '--hostname', 'confined'],
    ['--json-status-fd', String(descriptors.status), '--sync-fd', String(descriptors.alive)],
    asRoot ? rootArguments() : ['--disable-userns', '--cap-drop', 'ALL'],
    SYSTEM.flatMap(systemArguments),
    ['--proc', '/proc', '--dev', '/dev', '--remount-ro', '/dev'],
    ['--size', String(confinement.memoryBytes), '--perms', '1777', '--tmpfs', '/tmp'],
    confinement.readable.flatMap((path) => ['--ro-bind', path, path]),
    confinement.writable === undefined ? [] : ['--bind', confinement.writable, confinement.writable],
    ['--remount-ro', '/', '--clearenv', '--chdir', confinement.writable ?? '/tmp'],
    ['--setenv', 'PATH', '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', '--setenv', 'HOME', '/tmp'],
    ['--setenv', 'TMPDIR', '/tmp', '--setenv', 'LANG', 'C.UTF-8', '--'],
    ['/bin/sh', '-c', `${asRoot ? NO_NAMESPACES : ''}${CLOSE_DESCRIPTORS}; exec "$@"`, 'sh'],
    asRoot ? unprivileged() : [],
    limits(confinement),
    argv,
  ].flat()
}

/** Until `unprivileged` has run, inside is a root over nothing but the namespaces. */
function rootArguments(): string[] {
  return [
    ['--userns-block-fd', String(descriptors.mapped), '--info-fd', String(descriptors.information)],
    ['SETUID', 'SETGID', 'SETPCAP', 'SYS_RESOURCE', 'DAC_READ_SEARCH'].flatMap((name) => [
      '--cap-add',
      `CAP_${name}`,
    ]),
  ].flat()
}

/**
 * Becomes `nobody`. It keeps one capability, and that in its own user namespace only: to read
 * evidence whatever its owner, as root would; nothing else can be seen that it could read.
 */
function unprivileged(): string[] {
  const kept = '-all,+dac_read_search'
  const id = String(UNPRIVILEGED_ID)
  return [
    ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', '--no-new-privs'],
    ['--inh-caps', kept, '--ambient-caps', kept, '--bounding-set', kept],
  ].flat()
}

function limits({ memoryBytes, outputBytes }: Confinement): string[] {
  return [
    ['prlimit', `--as=${memoryBytes}`, `--fsize=${outputBytes}`, `--nproc=${MAX_PROCESSES}`],
    [`--nofile=${MAX_OPEN_FILES}`, '--core=0', '--memlock=0', '--'],
  ].flat()
}

function systemArguments(path: string): string[] {
  const information = lstatSync(path, { throwIfNoEntry: false })
  if (information === undefined) return []
  return information.isSymbolicLink() ? ['--symlink', `usr${path}`, path] : ['--ro-bind', path, path]
}
