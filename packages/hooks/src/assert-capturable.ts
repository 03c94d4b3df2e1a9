import { TetheredProcess } from './tethered-process.ts'
import { SeeError } from '@see/core'

const TIMEOUT_MS = 5000

/**
 * Sees that tcpdump may capture on a device, by having it tell what it could capture there.
 * @throws SeeError `TOOL_FAILED`
 */
export async function assertCapturable(tcpdump: string, device: string): Promise<void> {
  const process = await TetheredProcess.start([tcpdump, '-i', device, '-L'])
  process.stdout.resume()
  const timer = setTimeout(() => void process.stop(0), TIMEOUT_MS)
  const how = await process.ended
  clearTimeout(timer)
  if (how === 'exit code 0') return
  const failure = await process.failure()
  throw new SeeError(
    'TOOL_FAILED',
    `packets of ${device} cannot be captured: ${failure.message}; run as root, or let yourself capture: setcap cap_net_raw+ep ${tcpdump}`,
    { cause: failure },
  )
}
