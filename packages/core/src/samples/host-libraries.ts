import type { Elf } from './elf.ts'
import type { HostLibraries } from './find-host-libraries.ts'

/**
 * Finds what a program names, and what that names in turn, in the folders that this host's own loader is configured with. The
 * sample's search paths are not followed: it could have any file of this host brought to it.
 */
export async function hostLibraries(elf: Elf): Promise<HostLibraries> {
  const { findHostLibraries } = await import('./find-host-libraries.ts')
  return await findHostLibraries(elf)
}
