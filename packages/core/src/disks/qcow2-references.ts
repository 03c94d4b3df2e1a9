import type { Qcow2References } from './read-qcow2-references.ts'

export type { Qcow2References } from './read-qcow2-references.ts'

/**
 * Reads the references of an image that QEMU has written. A guest that has taken over its QEMU can write any header, and
 * a program that opens the disk as root would then open any file of this host.
 * @throws SeeError `STORAGE_FAILED` if the header cannot be read
 */
export async function qcow2References(path: string): Promise<Qcow2References> {
  const { readQcow2References } = await import('./read-qcow2-references.ts')
  return await readQcow2References(path)
}
