import { lstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What QEMU needs of this host beside its libraries and firmware; each path is the same inside. */
export interface QemuJail {
  /** Files and folders that it may read, such as images. */
  readonly readable: readonly string[]
  /** Files and folders that it may write. */
  readonly writable: readonly string[]
  /** Devices that it may open beside the usual ones, such as /dev/kvm. */
  readonly devices: readonly string[]
  /** Whether it is on the network of this host, in place of one without an interface. */
  readonly hasHostNetwork: boolean
}

/** Where bubblewrap writes, as JSON, what it has started. */
export const INFORMATION_FD = 3

/** Where a system has its QEMU. */
const USUAL_PROGRAMS = ['/usr/bin', '/usr/libexec']
const MULTIARCH: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }
/** The shell, the loader and its cache; on a merged system the folders are links into /usr. */
const ROOTS = ['/bin', '/lib', '/lib64', '/etc/ld.so.cache']
const FIRMWARE = ['/usr/lib/ipxe', '/usr/share/qemu', '/usr/share/seabios']
const DEVICES = ['/dev/null', '/dev/urandom']
/** From there the C library learns the size of large pages. */
const LARGE_PAGES = '/sys/kernel/mm/transparent_hugepage'
const RESOLVER = '/etc/resolv.conf'

/**
 * bubblewrap and its arguments, before those of the program that it runs: in namespaces of its own, with a root file system
 * that has only what is named, without an environment and without capabilities.
 */
export function jailCommand(
  program: string,
  { readable, writable, devices, hasHostNetwork }: QemuJail,
  environment: Readonly<Record<string, string>>,
): string[] {
  return [
    'bwrap',
    ['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
    hasHostNetwork ? [] : ['--unshare-net'],
    ['--die-with-parent', '--new-session', '--hostname', 'qemu', '--cap-drop', 'ALL'],
    ['--info-fd', String(INFORMATION_FD)],
    systemForQemu(program),
    ['--ro-bind-try', LARGE_PAGES, LARGE_PAGES],
    hasHostNetwork ? ['--ro-bind-try', RESOLVER, RESOLVER] : [],
    [...DEVICES, ...devices].flatMap((path) => ['--dev-bind', path, path]),
    readable.flatMap((path) => ['--ro-bind', path, path]),
    writable.flatMap((path) => ['--bind', path, path]),
    ['--remount-ro', '/', '--chdir', '/', '--clearenv'],
    Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
  ].flat()
}

/** Arguments of bubblewrap for what QEMU needs of the system: its libraries, its firmware and a shell, all read-only. */
export function systemForQemu(program: string): string[] {
  return systemOf(program).flatMap(systemArguments)
}

/** A QEMU that is not of the system may need anything of it, and what is beside itself. */
function systemOf(program: string): readonly string[] {
  const folder = dirname(program)
  if (!USUAL_PROGRAMS.includes(folder)) {
    return [...ROOTS, '/usr', basename(folder) === 'bin' ? dirname(folder) : folder]
  }
  const libraries = join('/usr/lib', MULTIARCH[process.arch] ?? '')
  const isMultiarch = lstatSync(libraries, { throwIfNoEntry: false }) !== undefined
  return [...ROOTS, isMultiarch ? libraries : '/usr/lib', '/usr/lib64', ...FIRMWARE, '/usr/bin/sh', program]
}

function systemArguments(path: string): string[] {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (facts === undefined) return []
  if (facts.isSymbolicLink() && dirname(path) === '/') return ['--symlink', `usr${path}`, path]
  return ['--ro-bind', path, path]
}
