import { abortReason, type CallOptions, onAbort, type SignalOptions } from './abort.ts'
import { LibvirtConnectionError } from './connection-error.ts'

/** The longest that a timer can be set to; a longer wait is as good as an endless one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Runs a call with a signal that aborts with the caller's, and once its time is over.
 * @param name the procedure, for the error
 * @throws LibvirtConnectionError `CALL_TIMEOUT`, or what the call throws
 */
export async function inTime<Result>(
  name: string,
  { signal, timeoutMs }: CallOptions,
  call: (options: SignalOptions) => Promise<Result>,
): Promise<Result> {
  if (timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS) return await call({ signal })
  if (signal?.aborted === true) throw abortReason(signal)
  const controller = new AbortController()
  const stopListening = onAbort(signal, (reason) => controller.abort(reason))
  const timer = setTimeout(() => controller.abort(timedOut(name, timeoutMs)), timeoutMs)
  try {
    return await call({ signal: controller.signal })
  } finally {
    stopListening()
    clearTimeout(timer)
  }
}

function timedOut(name: string, timeoutMs: number): LibvirtConnectionError {
  return new LibvirtConnectionError(
    'CALL_TIMEOUT',
    `The libvirt daemon did not answer ${name} within ${timeoutMs} ms; it, or the guest's QEMU, may be hung: see whether it answers \`virsh list\`.`,
  )
}
