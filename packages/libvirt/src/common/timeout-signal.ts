/**
 * Like `AbortSignal.timeout`, for `AbortSignal.any`: in Node 20, a timeout that only a combined signal knows of may be
 * taken for garbage, and then never fires. One with a listener is kept.
 */
export function timeoutSignal(timeoutMs: number): AbortSignal {
  const signal = AbortSignal.timeout(timeoutMs)
  signal.addEventListener('abort', () => undefined)
  return signal
}
