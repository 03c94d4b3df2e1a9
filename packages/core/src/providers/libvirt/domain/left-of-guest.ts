import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { poll } from '../../../common/poll.ts'

/** Where libvirt keeps what a guest needs while it runs. */
const FOLDERS = ['/var/lib/libvirt/qemu', '/var/lib/libvirt/qemu/channel/target', '/run/libvirt/qemu/channel']
const STATE_FOLDER = '/run/libvirt/qemu'
const CONTROL_GROUPS = '/sys/fs/cgroup'
/** So many characters of a domain's name are in the names of its folders. */
const SHORT_NAME = 20
const LEFT_WITHIN_MS = 3000

/** Removes what a libvirtd that was killed had made for a guest, which the next one does not know. */
export async function removeLeftOfGuest(identifier: string): Promise<void> {
  const isFolder = new RegExp(`^domain-\\d+-${identifier.slice(0, SHORT_NAME)}$`)
  const isGroup = new RegExp(`^qemu-\\d+-${identifier}\\.libvirt-qemu$`)
  const folders = await pathsIn(FOLDERS, isFolder)
  const files = ['xml', 'pid'].map((kind) => join(STATE_FOLDER, `${identifier}.${kind}`))
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([
    ...[...folders, ...files].map((path) => rm(path, { recursive: true, force: true })),
    removeGroups(isGroup),
  ])
}

/** Those that a killed process has just left may say that they are in use for a moment. */
async function removeGroups(isMeant: RegExp): Promise<void> {
  const machines = (await entriesOf(CONTROL_GROUPS)).map((each) => join(CONTROL_GROUPS, each, 'machine'))
  const removed = async () => {
    const groups = await pathsIn(machines, isMeant)
    if (groups.length === 0) return true
    await Promise.allSettled(groups.map(removeGroup))
    return undefined
  }
  await poll(removed, () => new Error('control groups are in use'), { timeoutMs: LEFT_WITHIN_MS })
}

/** A control group goes after those in it. */
async function removeGroup(group: string): Promise<void> {
  for (const each of await readdir(group, { withFileTypes: true })) {
    if (each.isDirectory()) await removeGroup(join(group, each.name))
  }
  await rmdir(group)
}

async function pathsIn(folders: readonly string[], isMeant: RegExp): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = (await entriesOf(folder)).filter((name) => isMeant.test(name))
      return names.map((name) => join(folder, name))
    }),
  )
  return found.flat()
}

async function entriesOf(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
