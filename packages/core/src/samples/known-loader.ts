import { basename } from 'node:path'
import type { Elf } from './elf.ts'

/** The loaders of the C libraries that Linux programs for x86-64 are made with. */
const LOADER = /^ld-(linux-x86-64\.so\.2|musl-x86_64\.so\.1)$/

/** Whether a program for Linux on x86-64 is loaded by a loader that is known. */
export function hasKnownLoader({ machine, bits, interpreter }: Elf): boolean {
  return machine === 'x86-64' && bits === 64 && interpreter !== null && LOADER.test(basename(interpreter))
}
