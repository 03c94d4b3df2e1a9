import { TetheredProcess } from '../processes/tethered-process.ts'
import { SeeError } from '@see/core'

const TIMEOUT_MS = 5000

/** Every host has it, and capturing on it takes the same rights as on a guest's device. */
const DEVICE = 'lo'

/**
 * Checks that tcpdump may capture, before a guest has a device, by asking what it could capture on the loopback device.
 * @throws SeeError `TOOL_FAILED`
 */
export async function assertCapturable(tcpdump: string): Promise<void> {
  const process = await TetheredProcess.start([tcpdump, '-i', DEVICE, '-L'])
  process.stdout.resume()
  const timer = setTimeout(() => void process.stop(0), TIMEOUT_MS)
  const how = await process.ended
  clearTimeout(timer)
  if (how === 'exit code 0') return
  const failure = await process.failure()
  throw new SeeError(
    'TOOL_FAILED',
    `packets cannot be captured: ${failure.message}; run as root, or let yourself capture: setcap cap_net_raw+ep ${tcpdump}`,
    { cause: failure },
  )
}
