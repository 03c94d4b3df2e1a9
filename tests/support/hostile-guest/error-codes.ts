import type { RunReport } from '@see/runner'

/** The codes of an error and of those that it consists of. */
export function errorCodes(error: RunReport['error']): string[] {
  if (error === null) return []
  const own = error.code === null ? [] : [error.code]
  return [...own, ...(error.errors ?? []).flatMap(errorCodes)]
}
