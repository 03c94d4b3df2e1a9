import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises'

/**
 * A folder in which QEMU can make a socket, as long as that is used.
 * @param like a file that QEMU was given: it is in that file's group
 */
export async function withQemuFolder(
  path: string,
  like: string,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  try {
    if (process.geteuid?.() === 0) {
      await chown(path, 0, (await stat(like)).gid)
      await chmod(path, 0o770)
    }
    await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
