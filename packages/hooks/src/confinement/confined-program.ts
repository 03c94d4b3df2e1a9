import { SeeError } from '@see/core'
import { runConfined } from './confined-command.ts'

const MIB = 1024 * 1024

/** A program is looked for in the usual folders or by its path; everything behind it is a path that must be there. */
const LOOK = `
program=$1
shift
case $program in
  */*) [ -f "$program" ] && [ -x "$program" ] || { printf %s "$program"; exit 1; } ;;
  *) command -v "$program" >/dev/null || { printf %s "$program"; exit 1; } ;;
esac
for path; do [ -r "$path" ] || { printf %s "$path"; exit 1; }; done
`

interface Options {
  /** What it may read beside the system's programs. */
  readonly readable: readonly string[]
  /** Paths that it needs, its own modules say. */
  readonly needs?: readonly string[]
  /** How to come by it. */
  readonly advice?: string
  readonly signal: AbortSignal
}

/**
 * Checks that a program can be run confined, in its folder, before anything depends on it.
 * @throws SeeError `TOOL_MISSING`, `FILE_UNREADABLE` for what is readable and not there, or `CONFINEMENT_FAILED`
 */
export async function requireConfinedProgram(
  program: string,
  { readable, needs = [], advice = 'install it', signal }: Options,
): Promise<void> {
  // The evidence itself is not there yet.
  const looked = /\{(?:path|output)\}/.test(program) ? 'true' : program
  const { exitCode, stdout } = await runConfined(['sh', '-c', LOOK, 'sh', looked, ...needs], {
    readable,
    timeoutMs: 10_000,
    memoryBytes: 256 * MIB,
    outputBytes: MIB,
    signal,
  })
  if (exitCode === 0) return
  throw new SeeError(
    'TOOL_MISSING',
    `${stdout.toString() || program} cannot be found by a confined command: ${advice}, or name the folder in which it lies in "readable"`,
  )
}
