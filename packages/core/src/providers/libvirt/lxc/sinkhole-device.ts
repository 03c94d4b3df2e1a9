import { quoteGuestText } from '../../../common/quote-guest-text.ts'
import { runBounded } from '../../../host/bounded-process.ts'
import { deviceNameOf } from '../xml/interface-names.ts'

const IP_MS = 20_000
const OUTPUT_BYTES = 10_000

/** The sinkhole's port of the bridge of a container. */
export function sinkholeDeviceOf(identifier: string): string {
  return `${deviceNameOf(identifier)}-s`
}

/** Runs ip(8). @throws Error with what it said */
export async function runIp(program: string, ...argv: string[]): Promise<void> {
  const bounds = { timeoutMs: IP_MS, maxOutputBytes: OUTPUT_BYTES, signal: undefined, stdin: '', env: {} }
  const timedOut = () => new Error(`ip took longer than ${IP_MS} ms`)
  const { exitCode, stderr } = await runBounded([program, ...argv], bounds, timedOut)
  if (exitCode !== 0) throw new Error(`ip ${argv.join(' ')} says ${quoteGuestText(stderr.toString().trim())}`)
}
