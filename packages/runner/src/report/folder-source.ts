import { constants } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { EvidenceSource, ListedFile } from '@see/evidence'

/** Files that are listed at most. */
const MOST_FILES = 1_000_000

/**
 * A results folder of this host, to be read by `@see/evidence`. Links in it are not followed, and nothing outside of it is
 * read.
 */
export function folderSource(folder: string): EvidenceSource {
  const root = resolve(folder)
  return {
    list: () => filesIn(root),
    read: (path, mostBytes) => beginningOf(root, path, mostBytes).catch(() => undefined),
  }
}

async function filesIn(root: string): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  const folders = [root]
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isFile() || files.length >= MOST_FILES) continue
      const size = await stat(path).then(
        (facts) => facts.size,
        () => 0,
      )
      files.push({ path: relative(root, path).replaceAll(sep, '/'), bytes: size })
    }
  }
  return files
}

/** @throws the operating system's error, or Error for what is no file in the folder */
async function beginningOf(root: string, path: string, mostBytes: number): Promise<Uint8Array> {
  const real = await realpath(join(root, path))
  if (!real.startsWith(`${await realpath(root)}${sep}`)) throw new Error(`${path} is outside of ${root}`)
  // A pipe that was put there would be waited for.
  await using file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const facts = await file.stat()
  if (!facts.isFile()) throw new Error(`${path} is not a regular file`)
  const buffer = new Uint8Array(Math.min(facts.size, mostBytes))
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}
