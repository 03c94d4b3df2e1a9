import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { poll } from '../../../common/poll.ts'

const STATE_FOLDER = '/run/libvirt/lxc'
const CONTROL_GROUPS = '/sys/fs/cgroup'
/** So many characters of a container's name its control group has for certain. */
const SHORT_NAME = 10
const REAPED_WITHIN_MS = 3000

/**
 * Removes what libvirt leaves of every container that ever ran: three empty mount points and a socket; and the control
 * groups that it gave up on, since a killed process was still in them.
 */
export async function removeLeftByLibvirt(name: string): Promise<void> {
  const mountPoints = ['dev', 'devpts', 'fuse'].map((kind) => rmdir(join(STATE_FOLDER, `${name}.${kind}`)))
  const socket = rm(join(STATE_FOLDER, `${name}.sock`))
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([...mountPoints, socket, removeControlGroups(name)])
}

async function removeControlGroups(name: string): Promise<void> {
  const removed = async () => {
    const groups = await controlGroupsOf(name)
    await Promise.allSettled(groups.map((group) => rmdir(group)))
    return (await controlGroupsOf(name)).length === 0 ? true : undefined
  }
  const timedOut = () => new Error(`control groups of ${name} are in use`)
  await poll(removed, timedOut, { timeoutMs: REAPED_WITHIN_MS })
}

/** One for each controller and each run. */
async function controlGroupsOf(name: string): Promise<string[]> {
  const folders = ['.', ...(await entriesOf(CONTROL_GROUPS))].map((each) =>
    join(CONTROL_GROUPS, each, 'machine'),
  )
  const groups = await Promise.all(
    folders.map(async (folder) => (await entriesOf(folder)).map((group) => join(folder, group))),
  )
  const isOf = new RegExp(`/lxc-\\d+-${name.slice(0, SHORT_NAME)}[^/]*\\.libvirt-lxc$`)
  return groups.flat().filter((group) => isOf.test(group))
}

async function entriesOf(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
