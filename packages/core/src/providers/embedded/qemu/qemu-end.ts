import type { QemuEnd, QemuProcess } from '@see/qemu'
import type { GuestEnd } from '../../../contract/guest-end.ts'

/** Signals of a process that is itself at fault, as opposed to those that come from outside or from a limit. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGTRAP',
])
/** QEMU's own words on standard error (`qemu_system_killed`); its exit code is 0 then. */
const TERMINATED = /terminating on signal (\d+)/
const SIGNALS: Readonly<Record<string, string>> = { 1: 'SIGHUP', 2: 'SIGINT', 15: 'SIGTERM' }
const OUT_OF_MEMORY = 'if no process sent it, this host was probably out of memory: check its kernel log'

/** What an unrequested end of QEMU says about its guest's end. */
export function guestEndOf(
  qemu: Pick<QemuProcess, 'failure' | 'stderr'>,
  { exitCode, signal }: QemuEnd,
): GuestEnd {
  const failure = qemu.failure()
  const number = TERMINATED.exec(qemu.stderr)?.[1]
  if (failure === undefined && number !== undefined) {
    const name = SIGNALS[number] ?? `signal ${number}`
    return { reason: 'killed', detail: `QEMU was terminated by ${name}`, exitCode, signal: name }
  }
  if (failure === undefined) {
    return { reason: 'powered_off', detail: 'the guest powered itself off', exitCode, signal }
  }
  const isKilled = signal !== null && !OWN_FAULTS.has(signal)
  const detail = signal === 'SIGKILL' ? `${failure.message}; ${OUT_OF_MEMORY}` : failure.message
  return { reason: isKilled ? 'killed' : 'failed', detail, exitCode, signal }
}
