import { setTimeout as sleep } from 'node:timers/promises'
import { SeeError } from '@see/core'

interface Bounds {
  /** Names the data in errors. */
  readonly what: string
  readonly maxBytes: number
  readonly timeoutMs: number
}

/**
 * Collects a stream that a guest has a hand in. The signal that `open` gets aborts when it takes too long.
 * @throws SeeError `GUEST_OUTPUT_LIMIT` when it is longer than `maxBytes` or takes longer than `timeoutMs`
 */
export async function collectBounded(
  open: (options: { readonly signal: AbortSignal }) => Promise<AsyncIterable<Uint8Array>>,
  { what, maxBytes, timeoutMs }: Bounds,
): Promise<Buffer> {
  const timer = new AbortController()
  const late = new AbortController()
  const timeout = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    const error = new SeeError('GUEST_OUTPUT_LIMIT', `${what} did not arrive within ${timeoutMs} ms`)
    late.abort(error)
    throw error
  })
  try {
    return await Promise.race([collect(() => open({ signal: late.signal }), what, maxBytes), timeout])
  } finally {
    timer.abort()
    timeout.catch(() => undefined)
  }
}

async function collect(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  what: string,
  maxBytes: number,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of await open()) {
    length += part.length
    if (length > maxBytes) {
      throw new SeeError('GUEST_OUTPUT_LIMIT', `${what} is larger than ${maxBytes} bytes and was not kept`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}
