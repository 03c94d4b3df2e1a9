import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asCheckpoint, copyOf, debugfs, ext4, folderWith } from './disk-images.ts'

const ROOT = { 'etc/passwd': 'root\n', gone: 'gone\n', same: 'same\n', old: 'moved\n' }
const EVIL = '#!/bin/sh\necho evil\n'

/** Some files of a guest. */
export function rootFolder(folder: string): string {
  return folderWith(join(folder, 'root'), ROOT)
}

/** An ext4 file system with them, and the same changed by commands of debugfs, in which `EVIL` is a script of the host. */
export function changedDisk(
  folder: string,
  commands: readonly string[],
): { before: string; after: string; evil: string } {
  const before = ext4(join(folder, 'ext4'), rootFolder(folder))
  const evil = join(folder, 'evil')
  writeFileSync(evil, EVIL)
  const after = copyOf(before)
  debugfs(after, ...commands.map((command) => command.replace('EVIL', evil)))
  return { before, after, evil }
}

/** The image and a checkpoint of both. */
export function checkpointOf(
  folder: string,
  commands: readonly string[],
): { image: string; checkpoint: string } {
  const { before, after } = changedDisk(folder, commands)
  return asCheckpoint(folder, before, after)
}

/** The paths of files in a report. */
export function pathsOf(files: readonly { readonly path: string }[]): string[] {
  return files.map(({ path }) => path)
}

/** Makes a chain of directories of which each has two names for the next, 2³⁰ paths, after other commands of debugfs. */
export function withTwoNamesEach(image: string, ...before: readonly string[]): void {
  const depth = Array.from({ length: 30 }, (_, number) => number)
  debugfs(
    image,
    ...before,
    ...depth.map((number) => `mkdir d${number}`),
    ...depth.slice(1).flatMap((number) => ['a', 'b'].map((name) => `ln d${number} d${number - 1}/${name}`)),
  )
}
