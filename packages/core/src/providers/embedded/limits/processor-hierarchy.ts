import { join } from 'node:path'

/** Where the kernel shares processor time out among groups of processes. */
export interface ProcessorHierarchy {
  /** Version of control groups: in version 2, only a threaded group may be below one with processes. */
  readonly version: 1 | 2
  /** The folder of this process's own group. */
  readonly own: string
}

/**
 * @param groups what is in /proc/self/cgroup
 * @param mounts what is in /proc/self/mountinfo
 * @returns undefined where there is none, or its folder is not in this mount namespace
 */
export function processorHierarchyIn(groups: string, mounts: string): ProcessorHierarchy | undefined {
  const lines = groups.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
  const pathWith = (isIt: (controllers: string) => boolean) =>
    lines.find((each) => isIt(each?.[1] ?? '-'))?.[2]
  const first = pathWith((controllers) => controllers.split(',').includes('cpu'))
  const own = folderOf(first, mounts, /^cgroup \S+ (?:\S+,)?cpu(?:,|$)/m)
  if (own !== undefined) return { version: 1, own }
  const unified = folderOf(
    pathWith((controllers) => controllers === ''),
    mounts,
    /^cgroup2 /,
  )
  return unified === undefined ? undefined : { version: 2, own: unified }
}

/** A mount may show only a part of the hierarchy, from its root on. */
function folderOf(path: string | undefined, mounts: string, isIt: RegExp): string | undefined {
  if (path === undefined) return undefined
  for (const line of mounts.split('\n')) {
    const [place = '', what = ''] = line.split(' - ')
    const [, , , root = '', point] = place.split(' ')
    if (point === undefined || !isIt.test(what)) continue
    const below =
      root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
    if (below !== undefined && !below.split('/').includes('..')) return join(unescaped(point), below)
  }
  return undefined
}

/** White space and backslashes are octal there. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}
