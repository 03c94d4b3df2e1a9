import type { CaseInputs } from './case-options.ts'

/** Analyses of large disks and much memory take hours, and each tool has a bound of its own. */
const BESIDES_MS = 6 * 3_600_000
/** A case waits for the guest more than once. */
const WAITS = 4

type CaseTimes = Required<Pick<CaseInputs, 'runtimeMs' | 'timeoutMs' | 'shutdownTimeoutMs' | 'deadlineMs'>>

/** How long a case and its parts may take, in milliseconds, with what is not given. */
export function caseTimes(inputs: CaseInputs): CaseTimes {
  const { runtimeMs = 10_000, timeoutMs = 120_000, shutdownTimeoutMs = 25_000 } = inputs
  const inAllMs = BESIDES_MS + runtimeMs + WAITS * timeoutMs + shutdownTimeoutMs
  const { deadlineMs = inAllMs } = inputs
  return { runtimeMs, timeoutMs, shutdownTimeoutMs, deadlineMs }
}
