import { readlink } from 'node:fs/promises'

/** Whether a container's first process has not become its init yet: until then it has none of the init's signals. */
export async function isStillLibvirts(init: number): Promise<boolean> {
  const program = await readlink(`/proc/${init}/exe`).catch(() => '')
  return program.endsWith('/libvirt_lxc')
}
