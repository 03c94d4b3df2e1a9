import { mkdir, realpath, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isCoded } from '../common/is-coded.ts'

/**
 * File systems that the kernel makes up, by the magic numbers of linux/magic.h: what is written there is a command or is
 * refused.
 */
const KERNELS_OWN: ReadonlyMap<number, string> = new Map([
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0x73636673, 'securityfs'],
  [0x1cd1, 'devpts'],
  [0xcafe4a11, 'bpf'],
  [0x6165676c, 'pstore'],
  [0xde5e81e4, 'efivarfs'],
  [0x42494e4d, 'binfmt_misc'],
  [0x19800202, 'mqueue'],
  [0x65735543, 'fusectl'],
  [0xf97cff8c, 'selinuxfs'],
])

/**
 * Makes a folder and the missing ones above it, with `mode` each. A folder that is there stays as it is. Node's
 * recursive `mkdir` would never return below /proc.
 * @returns the outermost folder that was made; undefined when none was
 * @throws Error when it cannot be made or its file system keeps no files; then nothing was made
 */
export async function makeFolder(folder: string, mode: number): Promise<string | undefined> {
  const path = resolve(folder)
  const missing: string[] = []
  let existing = path
  for (let kind = await kindOf(existing); kind !== 'folder'; kind = await kindOf(existing)) {
    if (kind === 'other') throw new Error(`${existing} is not a folder`)
    missing.unshift(existing)
    existing = dirname(existing)
  }
  await assertKeepsFiles(existing)
  for (const each of missing) await makeOne(each, mode)
  return missing[0]
}

async function assertKeepsFiles(folder: string): Promise<void> {
  const { type } = await statfs(folder)
  // Node gives numbers above 2^31 as they are, or as negative ones.
  const fileSystem = KERNELS_OWN.get(type >>> 0)
  if (fileSystem !== undefined)
    throw new Error(`${folder} is a ${fileSystem} file system, which keeps no files`)
  // The folder of control groups is a tmpfs on some hosts.
  if (/^\/(proc|sys)(\/|$)/.test(await realpath(folder)))
    throw new Error(`${folder} is the kernel's, and keeps no files`)
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if (isCoded(error, 'ENOENT')) return 'missing'
    throw error
  }
}

/** Another process may have been quicker. */
async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (!isCoded(error, 'EEXIST') || (await kindOf(path)) !== 'folder') throw error
  }
}
