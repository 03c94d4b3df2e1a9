import type { ExecResult } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'

/** What the program that installs may print. */
export const MOST_OUTPUT_BYTES = 64 * 1024
/** Its exit code when it does not install in a guest of this kind. */
const NO_GUEST = 3

export interface PreparedGuest {
  /** The name of its distribution, in its own words. */
  readonly guest: string
  readonly done: readonly string[]
  /** What could not be installed, and has to come into the guest by other means. */
  readonly missing: readonly string[]
}

/**
 * Reads what the program that installs printed in a guest.
 * @param target the image or the address, for the error
 * @throws SeeError `GUEST_UNPREPARED` when it did not install
 */
export function preparedGuest(
  target: string,
  { exitCode, stdout, stderr }: Pick<ExecResult, 'exitCode' | 'stdout' | 'stderr'>,
): PreparedGuest {
  const lines = stdout.toString().split('\n')
  const those = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2))
  const missing = those('missing')
  if (exitCode === NO_GUEST)
    throw unprepared(target, `what is missing: ${quoteGuestText(missing.join('; '))}`)
  if (exitCode !== 0)
    throw unprepared(target, `it ended with ${exitCode}: ${quoteGuestText(stderr.toString().trim())}`)
  const [guest] = those('guest')
  if (guest === undefined) throw unprepared(target, `it answered ${quoteGuestText(stdout.toString())}`)
  return { guest, done: those('done'), missing }
}

export function unprepared(target: string, why: string, cause?: unknown): SeeError {
  return new SeeError('GUEST_UNPREPARED', `${target} could not be prepared: ${why}`, { cause })
}
