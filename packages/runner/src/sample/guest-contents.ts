import type { BuiltGuest } from '@see/core'

/** The contents of a guest that SEE built that decide which samples run there. */
export interface GuestContents {
  /** For messages. */
  readonly what: string
  /** @param interpreter a program by its name or path */
  readonly hasProgram: (interpreter: string) => boolean
  readonly hasLibrary: (name: string) => boolean
}

/** What guest/build.sh puts into the tiny guest. */
const PROGRAMS = /^(\/(usr\/)?s?bin\/)?(sh|ash|awk|sed|cat|busybox)$/
/** Libraries of glibc and of the C++ runtime. */
const LIBRARIES =
  /^(ld-linux-x86-64\.so\.2|lib(c|m|dl|rt|pthread|util|resolv|anl)\.so\.\d|libgcc_s\.so\.1|libstdc\+\+\.so\.6|libpcre2-8\.so\.0)$/

export const tinyGuestContents: GuestContents = {
  what: 'the tiny guest',
  hasProgram: (interpreter) => PROGRAMS.test(interpreter),
  hasLibrary: (name) => LIBRARIES.test(name),
}

/** What the builder wrote down of a guest with chosen packages. */
export function contentsOf({ manifest }: BuiltGuest, name: string): GuestContents {
  const programs = new Set(manifest.programs)
  const libraries = new Set(manifest.libraries)
  return {
    what: `guest ${name}`,
    hasProgram: (interpreter) => programs.has(interpreter.replace(/^\/(usr\/(local\/)?)?s?bin\//, '')),
    hasLibrary: (library) => libraries.has(library),
  }
}
