import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { killProcess, startOf } from '../../../host/process-table.ts'
import { removeGroup } from '../../../host/remove-group.ts'

const HIERARCHIES = '/sys/fs/cgroup'
/** Where libvirt has its groups: without systemd, and with it. */
const PARENTS = ['machine', 'machine.slice']
/** Processes that fork meanwhile are seen by the next look. */
const LOOKS = 20

/**
 * Kills what still runs in a container that libvirt knows no more: when its controller is killed, its processes go on.
 * @param name the container's, which must be the whole of an environment's identifier: others' must not be hit
 */
export async function killInGroupsOf(name: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const groups = await groupsOf(name)
    const pids = new Set((await Promise.all(groups.map(processesIn))).flat())
    if (pids.size === 0) return
    const killed = [...pids].map(kill)
    await Promise.all(groups.map(thaw))
    await Promise.allSettled(killed)
  }
}

/** Removes the groups that libvirt gave up on, since a killed process was still in them. */
export async function removeGroupsOf(name: string): Promise<void> {
  // Those inside first.
  for (const group of (await groupsOf(name)).toSorted((a, b) => b.length - a.length)) await removeGroup(group)
}

/** One for each controller and each run, and what the container made in them. */
async function groupsOf(name: string): Promise<string[]> {
  const folders = ['.', ...(await foldersIn(HIERARCHIES))].flatMap((each) =>
    PARENTS.map((parent) => join(HIERARCHIES, each, parent)),
  )
  const groups = await Promise.all(
    folders.map(async (folder) =>
      (await foldersIn(folder)).filter((group) => isOf(group, name)).map((group) => join(folder, group)),
    ),
  )
  return (await Promise.all(groups.flat().map(withInner))).flat()
}

/** Source: virCgroupNewMachine of libvirt; the hyphens in the name of a scope of systemd are escaped. */
function isOf(group: string, name: string): boolean {
  const plain = group.replaceAll('\\x2d', '-')
  return /^(?:machine-)?lxc-\d+-/.test(plain) && plain.includes(`-${name}.`)
}

async function withInner(group: string): Promise<string[]> {
  const inner = await Promise.all((await foldersIn(group)).map((each) => withInner(join(group, each))))
  return [group, ...inner.flat()]
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** Those of another namespace of processes are 0. */
async function processesIn(group: string): Promise<number[]> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)
}

/** In version 1 of control groups a frozen process that is killed ends when it is thawed, without going on. */
async function thaw(group: string): Promise<void> {
  await writeFile(join(group, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch(() => undefined)
}

async function kill(pid: number): Promise<void> {
  const start = await startOf(pid)
  if (start !== undefined) await killProcess({ pid, start })
}
