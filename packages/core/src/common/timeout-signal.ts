/**
 * Like `AbortSignal.timeout`, for use within `AbortSignal.any`: Node 20 may collect a timeout that only a combined signal
 * refers to, and it then never fires. A listener keeps it alive.
 */
export function timeoutSignal(timeoutMs: number): AbortSignal {
  const signal = AbortSignal.timeout(timeoutMs)
  signal.addEventListener('abort', () => undefined)
  return signal
}

/** Aborts as soon as one of the two does, where there are two. */
export function eitherSignal(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other])
}
