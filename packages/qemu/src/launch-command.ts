import { existsSync, realpathSync } from 'node:fs'
import { release } from 'node:os'
import { type QemuJail, jailCommand } from './jail.ts'

/** Whom QEMU runs as. */
export interface QemuUser {
  readonly uid: number
  readonly gid: number
  /** Other groups of it. */
  readonly groups?: readonly number[]
}

export interface QemuLimits {
  /** Address space of the whole process, in bytes: the guest's memory, and what QEMU itself needs. */
  readonly addressSpaceBytes: number
  readonly cpuSeconds: number
  /** The largest size of each file that it writes, in bytes. */
  readonly fileBytes: number
}

export interface LaunchOptions {
  /** QEMU's path. */
  readonly program: string
  readonly argv: readonly string[]
  readonly limits: QemuLimits
  /** Who starts it when not given; only root may give another. */
  readonly user?: QemuUser | undefined
}

/** What is run to start QEMU, and the Debian packages that have it. */
export const launchPrograms = { setpriv: 'util-linux', sh: 'dash', prlimit: 'util-linux' } as const

/** No old system calls, no more rights, no programs, no other priorities. */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'
/** The kernel sends SIGXCPU, which can be told apart from other ends, at the first limit and SIGKILL at the second. */
const CPU_GRACE_SECONDS = 5
/** Files and sockets that QEMU has open: some forty, one a layer of its disks, and one a viewer of its screen. */
const OPEN_FILES = 1024
/** Threads: one a processor, of which there are at most 64, 64 that read and write, and some of its own. */
const THREADS = 256
/** The first Linux that counts the threads of a user namespace apart from those of its user. */
const COUNTS_APART = [5, 14] as const

/** The units of ulimit. */
const KIB = 1024
const BLOCK = 512

// A parent that died before the death signal was set would never be missed.
const UNLESS_ORPHANED = '[ "$PPID" = "$1" ] && shift'
// Here the parent is within the jail. A SEE that dies, or gives up, closes the other end.
const ONCE_ASKED = 'echo && read -r _'
/** A shell adds where it is. */
const EXECUTE = 'unset PWD OLDPWD && exec "$@" </dev/null >/dev/null'

/**
 * Starts QEMU such that it dies with its parent (this process), whatever way that goes: the kernel sees to it. setpriv
 * comes first, since a change of user clears the death signal; QEMU’s own does so as well.
 */
export function launchCommand({ program, argv, limits, user }: LaunchOptions): [string, ...string[]] {
  const isCounted = user !== undefined
  return [
    'setpriv',
    '--pdeathsig=KILL',
    '--no-new-privs',
    ...asUser(user),
    'sh',
    '-c',
    [UNLESS_ORPHANED, ...limitCommands(limits, isCounted), 'exec "$@"'].join(' && '),
    'sh',
    String(process.pid),
    program,
    '-sandbox',
    SANDBOX,
    ...argv,
  ]
}

/**
 * The same in a jail. The user changes first: bubblewrap makes its namespaces as any user may. Inside, it writes an empty
 * line once it is there, and becomes QEMU once it has read one.
 */
export function jailedLaunchCommand(
  { program: named, argv, limits, user }: LaunchOptions,
  jail: QemuJail,
  environment: Readonly<Record<string, string>>,
): [string, ...string[]] {
  const program = existsSync(named) ? realpathSync(named) : named
  const isCounted = user !== undefined || countsThreadsApart(release())
  const script = [ONCE_ASKED, ...limitCommands(limits, isCounted), EXECUTE].join(' && ')
  const [first = 'bwrap', ...others] = [
    ...(user === undefined ? [] : ['setpriv', ...asUser(user)]),
    ...jailCommand(program, jail, environment),
    '/bin/sh',
    '-c',
    script,
    'sh',
    program,
    '-sandbox',
    SANDBOX,
    ...argv,
  ]
  return [first, ...others]
}

/** @param version the kernel's, as `uname -r` prints it */
export function countsThreadsApart(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > COUNTS_APART[0] || (major === COUNTS_APART[0] && minor >= COUNTS_APART[1])
}

function limitCommands(
  { addressSpaceBytes, cpuSeconds, fileBytes }: QemuLimits,
  isCounted: boolean,
): string[] {
  return [
    `ulimit -v ${Math.floor(addressSpaceBytes / KIB)}`,
    `ulimit -S -t ${cpuSeconds}`,
    `ulimit -H -t ${cpuSeconds + CPU_GRACE_SECONDS}`,
    `ulimit -f ${Math.floor(fileBytes / BLOCK)}`,
    `ulimit -n ${OPEN_FILES}`,
    // dash has another letter for it than bash.
    ...(isCounted ? [`{ ulimit -p ${THREADS} 2>/dev/null || ulimit -u ${THREADS}; }`] : []),
    'ulimit -c 0',
  ]
}

function asUser(user: QemuUser | undefined): string[] {
  if (user === undefined) return []
  const { uid, gid, groups = [] } = user
  const others = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`]
  return [`--reuid=${uid}`, `--regid=${gid}`, ...others, '--bounding-set=-all', '--inh-caps=-all']
}
