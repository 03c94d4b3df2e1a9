import { access, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import { removeGroup } from '../../../host/remove-group.ts'
import { type ProcessorHierarchy, processorHierarchyIn } from './processor-hierarchy.ts'

const PREFIX = 'see-'
const NAME = /^see-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** A younger group may be one whose process does not run yet. */
const LEFT_AFTER_MS = 10_000
/** The next sweep goes on with the rest. */
const MOST = 100

/** What runs in a group. */
export interface Member {
  readonly pid: number
  readonly isRunning: boolean
  readonly ended: Promise<unknown>
}

/**
 * Puts a process into a control group of its own, which has the weight of any other, whatever its number of threads; it is
 * removed when the process ends. Where the host does not allow that, the process stays in this one's.
 * @returns when the group is gone; never rejects
 */
export async function inControlGroup(
  identifier: string,
  member: Member,
  logger: Logger,
  hierarchy = ownHierarchy(),
): Promise<void> {
  try {
    const { version, own } = await hierarchy
    await sweepControlGroups(own)
    const group = groupPath(own, identifier)
    // One that was killed may have left it: no two that live have one identifier.
    await mkdir(group).catch(unless('EEXIST'))
    try {
      if (version === 2) await weigh(own, group)
      if (member.isRunning) await writeFile(join(group, 'cgroup.procs'), String(member.pid))
      await member.ended
    } finally {
      await removeGroup(group)
      if (version === 2) await unweigh(own)
    }
  } catch (error) {
    logger.debug({ error: messageOf(error) }, 'QEMU has no control group of its own, or it is still there')
  }
}

/** Path of an environment's group; undefined where the host allows none. */
export async function controlGroupPath(identifier: string): Promise<string | undefined> {
  const hierarchy = await ownHierarchy().catch(() => undefined)
  return hierarchy === undefined ? undefined : groupPath(hierarchy.own, identifier)
}

function groupPath(own: string, identifier: string): string {
  return join(own, `${PREFIX}${identifier}`)
}

/** Removes what processes left that were killed; a group with a process in it stays. */
export async function sweepControlGroups(own: string, olderThanMs = LEFT_AFTER_MS): Promise<void> {
  const names = (await readdir(own)).filter((name) => NAME.test(name))
  for (const name of names.slice(0, MOST)) {
    const group = join(own, name)
    const { mtimeMs } = await stat(group).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > olderThanMs) await rmdir(group).catch(() => undefined)
  }
}

/** @throws Error where there is none */
export async function ownHierarchy(): Promise<ProcessorHierarchy> {
  const [groups, mounts] = await Promise.all([
    readFile('/proc/self/cgroup', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ])
  const found = processorHierarchyIn(groups, mounts)
  if (found === undefined) throw new Error('no hierarchy of control groups shares out processor time')
  return found
}

/** In version 2, a group below one with processes must be threaded; only the root itself may have others. */
async function weigh(own: string, group: string): Promise<void> {
  if (!(await isRoot(own))) await writeFile(join(group, 'cgroup.type'), 'threaded')
  await writeFile(join(own, 'cgroup.subtree_control'), '+cpu')
}

/** Makes the group of this process what it was, once nothing is below it. */
async function unweigh(own: string): Promise<void> {
  const entries = await readdir(own, { withFileTypes: true })
  if (entries.some((entry) => entry.isDirectory()) || (await isRoot(own))) return
  await writeFile(join(own, 'cgroup.subtree_control'), '-cpu')
}

async function isRoot(own: string): Promise<boolean> {
  return await access(join(own, 'cgroup.type')).then(
    () => false,
    () => true,
  )
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && 'code' in error && error.code === code)) throw error
  }
}
