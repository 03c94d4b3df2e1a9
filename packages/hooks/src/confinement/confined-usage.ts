import { readFile, readdir, lstat } from 'node:fs/promises'
import { join } from 'node:path'

/** Size of a page, in bytes, on the machines that SEE runs on. */
const PAGE_BYTES = 4096
/** Entries that a folder is looked through for; one with more is as good as full. */
const MAX_ENTRIES = 10_000

/** The memory in bytes that a process and its descendants do not share with files. */
export async function memoryOf(pid: number): Promise<number> {
  const [own, children] = await Promise.all([ownMemoryOf(pid), childrenOf(pid)])
  const rest = await Promise.all(children.map(memoryOf))
  return rest.reduce((sum, bytes) => sum + bytes, own)
}

async function ownMemoryOf(pid: number): Promise<number> {
  const [, resident = 0, shared = 0] = (await procFile(pid, 'statm')).split(' ').map(Number)
  return (resident - shared) * PAGE_BYTES
}

async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(tasks.map((task) => procFile(pid, `task/${task}/children`)))
  return lists.flatMap((list) => list.split(' ')).flatMap((child) => (child === '' ? [] : [Number(child)]))
}

/** Empty once the process is gone. */
async function procFile(pid: number, name: string): Promise<string> {
  return await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
}

/** The bytes of the files in a folder, which may change meanwhile; infinite when there are too many to count. */
export async function bytesIn(folder: string): Promise<number> {
  const folders = [folder]
  let bytes = 0
  let entries = 0
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const found = await readdir(next, { withFileTypes: true }).catch(() => [])
    entries += found.length
    if (entries > MAX_ENTRIES) return Number.POSITIVE_INFINITY
    for (const entry of found) {
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0
    }
  }
  return bytes
}
