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

/** The units of ulimit. */
const KIB = 1024
const BLOCK = 512

// A parent that died before the death signal was set would never be missed.
const UNLESS_ORPHANED = '[ "$PPID" = "$1" ] && shift'

/**
 * Starts QEMU such that it dies with its parent (this process), whatever way that goes: the kernel sees to it. setpriv
 * comes first, since a change of user clears the death signal; QEMU’s own does so as well.
 */
export function launchCommand({ program, argv, limits, user }: LaunchOptions): [string, ...string[]] {
  const { addressSpaceBytes, cpuSeconds, fileBytes } = limits
  return [
    'setpriv',
    '--pdeathsig=KILL',
    '--no-new-privs',
    ...asUser(user),
    'sh',
    '-c',
    [
      UNLESS_ORPHANED,
      `ulimit -v ${Math.floor(addressSpaceBytes / KIB)}`,
      `ulimit -S -t ${cpuSeconds}`,
      `ulimit -H -t ${cpuSeconds + CPU_GRACE_SECONDS}`,
      `ulimit -f ${Math.floor(fileBytes / BLOCK)}`,
      'ulimit -c 0',
      'exec "$@"',
    ].join(' && '),
    'sh',
    String(process.pid),
    program,
    '-sandbox',
    SANDBOX,
    ...argv,
  ]
}

function asUser(user: QemuUser | undefined): string[] {
  if (user === undefined) return []
  const { uid, gid, groups = [] } = user
  const others = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`]
  return [`--reuid=${uid}`, `--regid=${gid}`, ...others, '--bounding-set=-all', '--inh-caps=-all']
}
