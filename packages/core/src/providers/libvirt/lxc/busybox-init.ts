import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'

/**
 * Whether busybox's init has begun so far that it gets a signal: it blocks those that it heeds first of all, which is
 * not visible while it waits for them (sigtimedwait), and before it waits it has a handler for SIGTSTP (its init.c,
 * 1.35). Before, the kernel drops the signal: the process is the first of its namespace (pid_namespaces(7)).
 * @param status what is in /proc/PID/status
 */
export function getsSignal(status: string, signal: NodeJS.Signals): boolean {
  return isIn(status, 'SigBlk', signal) || isIn(status, 'SigCgt', 'SIGTSTP')
}

function isIn(status: string, name: 'SigBlk' | 'SigCgt', signal: NodeJS.Signals): boolean {
  const mask = new RegExp(`^${name}:\\s*([0-9a-f]{16})$`, 'm').exec(status)?.[1]
  const bit = 1n << BigInt(constants.signals[signal] - 1)
  return mask !== undefined && (BigInt(`0x${mask}`) & bit) !== 0n
}

/** Whether it gets a signal now; also when it is gone. */
export async function getsSignalNow(init: number, signal: NodeJS.Signals): Promise<boolean> {
  const status = await readFile(`/proc/${init}/status`, 'latin1').catch(() => undefined)
  return status === undefined || getsSignal(status, signal)
}
