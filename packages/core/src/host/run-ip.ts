import { quoteGuestText } from '../common/quote-guest-text.ts'
import { runBounded } from './bounded-process.ts'

const IP_MS = 20_000
const OUTPUT_BYTES = 10_000

/** Runs ip(8). @throws Error with what it said */
export async function runIp(program: string, ...argv: string[]): Promise<void> {
  const bounds = { timeoutMs: IP_MS, maxOutputBytes: OUTPUT_BYTES, signal: undefined, stdin: '', env: {} }
  const timedOut = () => new Error(`ip took longer than ${IP_MS} ms`)
  const { exitCode, stderr } = await runBounded([program, ...argv], bounds, timedOut)
  if (exitCode !== 0) throw new Error(`ip ${argv.join(' ')} says ${quoteGuestText(stderr.toString().trim())}`)
}
