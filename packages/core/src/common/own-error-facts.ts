import { errorFacts, isStockErrorCode } from './declared-errors.ts'
import type { ErrorFacts } from './error-codes.ts'
import { SeeError, type SeeErrorCode } from './errors.ts'

/** The codes of errors that SEE puts around what a hook threw. */
const wrapping: ReadonlySet<string> = new Set<SeeErrorCode>(['HOOK_SETUP', 'HOOK_CLEANUP', 'UNCAUGHT_ERROR'])

/**
 * The facts of the code that a package declared for an error, or for what a hook threw where SEE put an error of its own
 * around it; undefined where there is none.
 */
export function ownErrorFacts(error: unknown): ErrorFacts | undefined {
  if (!(error instanceof SeeError)) return undefined
  const thrown = wrapping.has(error.code) ? error.cause : error
  return thrown instanceof SeeError && !isStockErrorCode(thrown.code) ? errorFacts(thrown.code) : undefined
}
