import { assertRunnable, hasKnownLoader, hostLibraries, runsOn, type SampleKind, unsuitable } from '@see/core'

/** What guest/build.sh puts into the guest. */
const MACHINE = 'x86_64'
const PROGRAMS = /^(\/(usr\/)?s?bin\/)?(sh|ash|awk|sed|cat|busybox)$/
/** Of glibc and of the C++ runtime. */
const LIBRARIES =
  /^(ld-linux-x86-64\.so\.2|lib(c|m|dl|rt|pthread|util|resolv|anl)\.so\.\d|libgcc_s\.so\.1|libstdc\+\+\.so\.6|libpcre2-8\.so\.0)$/

/**
 * Sees that the tiny guest can run a sample by itself, before anything is made.
 * @param beside names of the files that come into the guest with it
 * @throws SeeError `SAMPLE_UNSUITABLE`
 */
export async function assertTinyGuestRuns(kind: SampleKind, beside: readonly string[]): Promise<void> {
  assertRunnable(kind)
  if (kind.kind === 'script' && !PROGRAMS.test(kind.interpreter)) {
    throw unsuitable(kind, `the tiny guest has no ${kind.interpreter}`)
  }
  if (kind.kind !== 'elf') return
  const { elf } = kind
  if (!runsOn(elf, MACHINE)) throw unsuitable(kind, `the tiny guest's machine is ${MACHINE}`)
  if (elf.interpreter === null) return
  const lacking = hasKnownLoader(elf) ? (await hostLibraries(elf)).missing : [elf.interpreter, ...elf.needed]
  const nowhere = lacking.filter((name) => !LIBRARIES.test(name) && !beside.includes(name))
  if (nowhere.length === 0) return
  throw unsuitable(
    kind,
    `neither the tiny guest nor this host has what it is linked with: ${nowhere.join(', ')}`,
  )
}
