import { open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type Elf, readElf } from './elf.ts'
import { hasKnownLoader } from './known-loader.ts'

const CONFIGURATION = '/etc/ld.so.conf'
/** Where the dynamic loader looks by default, on Debian and on others (ld.so(8)). */
const DEFAULTS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
]
const MOST_LIBRARIES = 300
const MOST_BYTES = 256 * 1024 * 1024
/** The files of this host that a dynamic program needs. */
export interface HostLibraries {
  /** Undefined where this host has none of the name. */
  readonly loader: string | undefined
  readonly paths: readonly string[]
  /** Names of libraries that this host does not have. */
  readonly missing: readonly string[]
}

/**
 * Finds what a program names, and what that names in turn, in the folders that this host's own loader is configured with. The
 * sample's search paths are not followed: it could have any file of this host brought to it.
 */
export async function findHostLibraries(elf: Elf): Promise<HostLibraries> {
  const folders = [...(await configuredFolders(CONFIGURATION)), ...DEFAULTS]
  const found = new Map<string, string>()
  const missing: string[] = []
  const seen = new Set<string>()
  let bytes = 0
  const look = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      if (seen.has(name)) continue
      seen.add(name)
      const library = seen.size > MOST_LIBRARIES || bytes > MOST_BYTES ? undefined : await find(name, folders)
      if (library === undefined) {
        missing.push(name)
        continue
      }
      found.set(name, library.path)
      bytes += library.bytes
      await look(library.needed)
    }
  }
  const loader = hasKnownLoader(elf) ? basename(elf.interpreter ?? '') : undefined
  await look([...(loader === undefined ? [] : [loader]), ...elf.needed])
  return {
    loader: loader === undefined ? undefined : found.get(loader),
    paths: [...found.values()],
    missing,
  }
}

async function find(name: string, folders: readonly string[]) {
  if (!/^[\w.+-]+$/.test(name) || name.startsWith('.')) return undefined
  for (const folder of folders) {
    const path = join(folder, name)
    const library = await libraryAt(path).catch(() => undefined)
    if (library !== undefined) return { path, ...library }
  }
  return undefined
}

/** Undefined for what is no library of this kind of machine. */
async function libraryAt(path: string) {
  if (!(await stat(path)).isFile()) return undefined
  await using file = await open(path)
  const elf = await readElf(file)
  if (elf === undefined || elf.machine !== 'x86-64' || elf.bits !== 64) return undefined
  if (elf.type !== 'shared' && elf.type !== 'program') return undefined
  return { needed: elf.needed, bytes: (await file.stat()).size }
}

/** The folders of ld.so.conf, and of what it includes. */
async function configuredFolders(path: string, depth = 0): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const folders: string[] = []
  for (const line of text.split('\n').map((each) => each.replace(/#.*/, '').trim())) {
    const pattern = /^include\s+(\S+)$/.exec(line)?.[1]
    if (pattern !== undefined && depth < 4) {
      for (const file of await matching(resolve(dirname(path), pattern))) {
        folders.push(...(await configuredFolders(file, depth + 1)))
      }
    } else if (line.startsWith('/')) {
      folders.push(line)
    }
  }
  return folders
}

/** The files of a pattern such as `/etc/ld.so.conf.d/*.conf`, of which only the name has a star. */
async function matching(pattern: string): Promise<string[]> {
  const [before = '', after] = basename(pattern).split('*')
  if (after === undefined) return [pattern]
  const names = await readdir(dirname(pattern)).catch(() => [])
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .toSorted()
    .map((name) => join(dirname(pattern), name))
}
