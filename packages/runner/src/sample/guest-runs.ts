import { basename } from 'node:path'
import { assertRunnable, hasKnownLoader, hostLibraries, runsOn, type SampleKind, unsuitable } from '@see/core'
import type { GuestContents } from './guest-contents.ts'

const MACHINE = 'x86_64'

/** The Debian packages of interpreters that are called otherwise. */
const PACKAGES: Readonly<Record<string, string>> = {
  node: 'nodejs',
  python: 'python-is-python3',
  php: 'php-cli',
  lua: 'lua5.4',
  tclsh: 'tcl',
}

/**
 * Checks, before anything is made, that a guest which SEE built can run a sample without a command for it.
 * @param beside names of the files that come into the guest with it
 * @throws SeeError `SAMPLE_UNSUITABLE`
 */
export async function assertGuestRuns(
  kind: SampleKind,
  beside: readonly string[],
  { what, hasProgram, hasLibrary }: GuestContents,
): Promise<void> {
  assertRunnable(kind)
  if (kind.kind === 'script' && !hasProgram(kind.interpreter)) {
    throw unsuitable(kind, `${what} has no ${kind.interpreter}${recipe(kind.interpreter)}`)
  }
  if (kind.kind !== 'elf') return
  const { elf } = kind
  if (!runsOn(elf, MACHINE)) throw unsuitable(kind, `the machine of ${what} is ${MACHINE}`)
  if (elf.interpreter === null) return
  const lacking = hasKnownLoader(elf) ? (await hostLibraries(elf)).missing : [elf.interpreter, ...elf.needed]
  const nowhere = lacking.filter((name) => !hasLibrary(name) && !beside.includes(name))
  if (nowhere.length === 0) return
  throw unsuitable(kind, `neither ${what} nor this host has what it is linked with: ${nowhere.join(', ')}`)
}

/** How to have a guest with an interpreter, where its name says which package that may be in. */
function recipe(interpreter: string): string {
  const name = basename(interpreter)
  const found = PACKAGES[name] ?? name
  if (!/^[a-z0-9][a-z0-9.+-]+$/.test(found)) return ''
  return ` (npx see guest build --packages ${found} makes a guest that may have it, for --guest ${found})`
}
