import { errorCodes, SeeError } from '@see/core'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Interrupted } from './interrupted.ts'

const { usage, sandbox, hook } = exitCodes

/** The exit code for what was thrown; of several errors, the sandbox's counts most and a hook's least. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCodes.interrupted
  if (error instanceof AggregateError) {
    const codes = error.errors.map(exitCodeOf)
    return [sandbox, usage, hook].find((code) => codes.includes(code)) ?? sandbox
  }
  return error instanceof SeeError ? exitCodes[errorCodes[error.code].exit] : sandbox
}
