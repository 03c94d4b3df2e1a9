import { SeeError } from '../common/errors.ts'
import type { ScreenAbility } from '../contract/screen-ability.ts'

/** The guest chooses what it shows, and in which resolution. */
const LIMIT_BYTES = 64 * 1024 * 1024
const CAPTURE_MS = 5000

/** A picture of the screen. @throws SeeError `GUEST_OUTPUT_LIMIT`, or what the provider throws */
export async function readScreen(screen: ScreenAbility, signal: AbortSignal): Promise<Buffer> {
  const { data } = await screen.capture({ signal, timeoutMs: CAPTURE_MS })
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of data) {
    signal.throwIfAborted()
    bytes += chunk.length
    if (bytes > LIMIT_BYTES) {
      throw new SeeError('GUEST_OUTPUT_LIMIT', `a picture of the screen has more than ${LIMIT_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
