import { errorFacts, ownErrorFacts, SeeError, type SeeErrorCode } from '@see/core'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Interrupted } from './interrupted.ts'

const { usage, sandbox, hook, deadline } = exitCodes

/** The codes of errors around what a hook threw when there was a sandbox already. */
const inSandbox: ReadonlySet<string> = new Set<SeeErrorCode>(['HOOK_CLEANUP', 'UNCAUGHT_ERROR'])

/** The exit code for what was thrown; of several errors, a deadline counts most, then the sandbox's, and a hook's least. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCodes.interrupted
  if (error instanceof AggregateError) return gravestOf(error.errors.map(exitCodeOf))
  if (!(error instanceof SeeError)) return sandbox
  const { exit } = ownErrorFacts(error) ?? errorFacts(error.code) ?? { exit: 'sandbox' }
  return exit === 'usage' && inSandbox.has(error.code) ? hook : exitCodes[exit]
}

/** The exit code for what a handler threw. Never `usage`, which says that nothing was run. */
export function exitCodeOfFailure(error: unknown): ExitCode {
  return ownErrorFacts(error)?.exit === 'sandbox' ? sandbox : hook
}

/** The code that counts most; the sandbox's where none of them is of an error. */
export function gravestOf(codes: readonly ExitCode[]): ExitCode {
  return [deadline, sandbox, usage, hook].find((code) => codes.includes(code)) ?? sandbox
}
