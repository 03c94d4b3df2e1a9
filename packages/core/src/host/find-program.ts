import { type Finding, installed, missing, ok } from '../contract/finding.ts'
import type { InspectedHost } from '../contract/inspected-host.ts'

const TIMEOUT_MS = 10_000

export interface ProgramCheck {
  readonly program: string
  /** The option that makes it print its version; `--version` when not given. */
  readonly option?: string
  /** The Debian package that brings it. */
  readonly package: string
}

/** Whether a program is there and runs, and its version. */
export async function findProgram(
  host: InspectedHost,
  { program, option = '--version', package: name }: ProgramCheck,
  signal: AbortSignal,
): Promise<Finding> {
  const { exitCode, stdout, stderr } = await host.run(program, [option], { timeoutMs: TIMEOUT_MS, signal })
  // Some print their version on standard error.
  const [line = ''] = (stdout.trim() || stderr.trim()).split('\n')
  if (exitCode === 0) return ok(program, line)
  return missing(program, line || 'not found', installed(name))
}

/** Whether mke2fs is there, which builds the tiny guest's disk; sandboxes of other images do without. */
export async function findMke2fs(host: InspectedHost, signal: AbortSignal): Promise<Finding> {
  const found = await findProgram(host, { program: 'mke2fs', option: '-V', package: 'e2fsprogs' }, signal)
  return { ...found, required: false }
}
