import { type Finding, installed, missing, ok } from './finding.ts'
import type { Host } from './host.ts'

const TIMEOUT_MS = 10_000

interface ProgramCheck {
  readonly program: string
  /** The option that makes it tell its version. */
  readonly option?: string
  /** The Debian package that brings it. */
  readonly package: string
}

/** Whether a program is there and runs, and its version. */
export async function findProgram(
  host: Host,
  { program, option = '--version', package: name }: ProgramCheck,
  signal: AbortSignal,
): Promise<Finding> {
  const { exitCode, stdout, stderr } = await host.run(program, [option], { timeoutMs: TIMEOUT_MS, signal })
  // Some tell their version on standard error.
  const [line = ''] = (stdout.trim() || stderr.trim()).split('\n')
  if (exitCode === 0) return ok(program, line)
  return missing(program, line || 'not found', installed(name))
}
