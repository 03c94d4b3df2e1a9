import { basename } from 'node:path'
import type { Elf } from './elf.ts'

/** The loaders of the C libraries that Linux programs for x86-64 are made with. */
const LOADER = /^ld-(linux-x86-64\.so\.2|musl-x86_64\.so\.1)$/

/** The files of this host that a dynamic program needs. */
export interface HostLibraries {
  /** Undefined where this host has none of the name. */
  readonly loader: string | undefined
  readonly paths: readonly string[]
  /** Names of libraries that this host does not have. */
  readonly missing: readonly string[]
}

/** Whether a program for Linux on x86-64 is loaded by a loader that is known. */
export function hasKnownLoader({ machine, bits, interpreter }: Elf): boolean {
  return machine === 'x86-64' && bits === 64 && interpreter !== null && LOADER.test(basename(interpreter))
}

/**
 * Finds what a program names, and what that names in turn, in the folders that this host's own loader is configured with. The
 * sample's search paths are not followed: it could have any file of this host brought to it.
 */
export async function hostLibraries(elf: Elf): Promise<HostLibraries> {
  const { findHostLibraries } = await import('./find-host-libraries.ts')
  return await findHostLibraries(elf)
}
