import { CASE_WAITS, caseBoundsMs } from './case-bounds.ts'
import type { CaseInputs } from './case-options.ts'

type CaseTimes = Required<Pick<CaseInputs, 'runtimeMs' | 'timeoutMs' | 'shutdownTimeoutMs' | 'deadlineMs'>>

/** How long a case and its parts may take, in milliseconds, with what is not given. */
export function caseTimes(inputs: CaseInputs): CaseTimes {
  const { runtimeMs = 10_000, timeoutMs = 120_000, shutdownTimeoutMs = 25_000 } = inputs
  const inAllMs = caseBoundsMs.besides + runtimeMs + CASE_WAITS * timeoutMs + shutdownTimeoutMs
  const { deadlineMs = inAllMs } = inputs
  return { runtimeMs, timeoutMs, shutdownTimeoutMs, deadlineMs }
}
