import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { SeeError } from '../common/errors.ts'

export const sampleBounds = { files: 10_000, bytes: 512 * 1024 * 1024 } as const

/**
 * The regular files below a folder, by their paths in it, in order of their names; links are not followed.
 * @throws SeeError `SAMPLE_UNSUITABLE` when it holds more than a sample may
 */
export async function sampleFiles(folder: string): Promise<string[]> {
  const files: string[] = []
  const folders = [folder]
  let entries = 0
  let bytes = 0
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (entry.isFile()) {
        files.push(relative(folder, path))
        bytes += (await lstat(path)).size
      }
      if (++entries > sampleBounds.files || bytes > sampleBounds.bytes) throw tooLarge(folder)
    }
  }
  return files.toSorted()
}

function tooLarge(folder: string): SeeError {
  const mib = sampleBounds.bytes / 1024 / 1024
  return new SeeError(
    'SAMPLE_UNSUITABLE',
    `the folder ${folder} holds more than the ${sampleBounds.files} files or ${mib} MiB of a sample; put it onto the guest's disk, or choose a smaller folder`,
  )
}
