import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeGroup } from '../../../host/remove-group.ts'

/** Linux moves no more at a time. */
const MOST_MOVED = 10_000

/** A control group of a container, in the hierarchy of one controller. */
interface Group {
  readonly version: 1 | 2
  /** Where the hierarchy is mounted. */
  readonly mount: string
  readonly folder: string
}

/**
 * The control group that libvirt made for a container; undefined until its controller is in it.
 * That is moved a moment after it started: until then its group is that of the daemon, or of the whole host. Source:
 * virCgroupNewMachine of libvirt, which names the group after the machine, `lxc-PID-NAME`; systemd escapes the hyphens.
 */
async function containerGroupOf(controllerPid: number, controller: string): Promise<Group | undefined> {
  const group = await groupOf(controllerPid, controller)
  const isOfContainer = new RegExp(`/(?:machine-)?lxc(?:-|\\\\x2d)${controllerPid}(?:-|\\\\x2d)`)
  return group !== undefined && isOfContainer.test(group.folder) ? group : undefined
}

/**
 * The control group of a process.
 * @returns undefined where this host has no such hierarchy, or it is not mounted here
 */
async function groupOf(pid: number, controller: string): Promise<Group | undefined> {
  const [groups, mounts] = await Promise.all([
    readFile(`/proc/${pid}/cgroup`, 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ])
  const lines = groups.split('\n').map((line) => line.split(':'))
  const first = lines.find(([, names = '']) => names.split(',').includes(controller))
  const path = (first ?? lines.find(([id]) => id === '0'))?.slice(2).join(':')
  const type =
    first === undefined ? / - cgroup2 / : new RegExp(` - cgroup \\S+ (?:\\S+,)?${controller}(?:,|$)`)
  const mount = mounts
    .split('\n')
    .find((line) => type.test(line))
    ?.split(' ')[4]
  if (path === undefined || mount === undefined || path.includes('/..')) return undefined
  return { version: first === undefined ? 2 : 1, mount, folder: join(mount, path) }
}

/** How many processes of a container the kernel has killed, since it had used up its memory. */
export async function killedForMemory(controllerPid: number): Promise<number | undefined> {
  const group = await containerGroupOf(controllerPid, 'memory')
  if (group === undefined) return undefined
  const file = group.version === 1 ? 'memory.oom_control' : 'memory.events'
  return numberIn(await readFile(join(group.folder, file), 'utf8'), 'oom_kill')
}

/** Bounds the processes and threads of one container, and counts how often that was felt. */
export class ProcessBound {
  readonly #name: string
  readonly #most: number
  #own: string | undefined

  constructor(identifier: string, most: number) {
    this.#name = `see-${identifier}`
    this.#most = most
  }

  /** Path of the group that it will make; undefined where it uses the container's own, or this host has none. */
  async group(): Promise<string | undefined> {
    const found = await groupOf(process.pid, 'pids').catch(() => undefined)
    return found?.version === 1 ? join(found.mount, this.#name) : undefined
  }

  /**
   * Puts all processes of a container under the bound, and those that came meanwhile.
   * @param controllerPid libvirt's own process for it, which is not bounded
   * @returns how often a process was refused; undefined where this host cannot bound them
   */
  async hold(controllerPid: number): Promise<number | undefined> {
    const container = await containerGroupOf(controllerPid, 'memory')
    const group = await groupOf(controllerPid, 'pids')
    if (group === undefined || container === undefined) return undefined
    const folder = group.version === 2 ? group.folder : join(group.mount, this.#name)
    if (this.#own !== folder) {
      if (group.version === 1) await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'pids.max'), String(this.#most))
      this.#own = folder
    }
    if (group.version === 1) await this.#move(container.folder, folder, controllerPid)
    return numberIn(await readFile(join(folder, 'pids.events'), 'utf8'), 'max')
  }

  /** Removes what was made, once the container has ended. @throws Error when processes stay in it */
  async release(): Promise<void> {
    const own = this.#own
    if (own?.endsWith(this.#name) === true) await removeGroup(own)
    this.#own = undefined
  }

  async #move(from: string, to: string, except: number): Promise<void> {
    const [all, moved] = await Promise.all(
      [from, to].map((each) => readFile(join(each, 'cgroup.procs'), 'utf8')),
    )
    const there = new Set(moved?.split('\n'))
    const left = (all ?? '')
      .split('\n')
      .filter((pid) => pid !== '' && pid !== String(except) && !there.has(pid))
    for (const pid of left.slice(0, MOST_MOVED)) {
      // It may have ended by now.
      await writeFile(join(to, 'cgroup.procs'), pid).catch(() => undefined)
    }
  }
}

function numberIn(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}
