/**
 * Like `AbortSignal.timeout`, for use within `AbortSignal.any`: Node 20 may collect a timeout that only a combined signal
 * refers to, and it then never fires. A listener keeps it alive.
 */
export function timeoutSignal(timeoutMs: number): AbortSignal {
  const signal = AbortSignal.timeout(timeoutMs)
  signal.addEventListener('abort', () => undefined)
  return signal
}
