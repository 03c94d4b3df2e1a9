import { setTimeout as sleep } from 'node:timers/promises'
import { continueQemuOf, hasQemuHere, killQemuOf } from './kill-guest.ts'

/** How long libvirt may take to end QEMU before it is looked whether that was stopped, in milliseconds. */
const STOPPED_MS = 1000
/** How long before it is killed. It may be writing out what the guest wrote last: libvirt itself gives it ten seconds. */
const KILLED_MS = 7000

interface EndingDomain {
  readonly name: string
  readonly uri: string
}

/**
 * Waits until libvirt has destroyed a domain. libvirt asks QEMU to end and kills it ten seconds later, in which an environment
 * may have to be over: so one that is stopped is let go on, and one that hangs is killed sooner.
 */
export async function hastened(destroying: Promise<void>, { name, uri }: EndingDomain): Promise<void> {
  const over = new AbortController()
  if (hasQemuHere(uri)) hasten(name, over.signal).catch(() => undefined)
  try {
    await destroying
  } finally {
    over.abort()
  }
}

/** @throws Error where the wait is over, or this user may not */
async function hasten(name: string, signal: AbortSignal): Promise<void> {
  await sleep(STOPPED_MS, undefined, { signal, ref: false })
  await continueQemuOf(name)
  await sleep(KILLED_MS - STOPPED_MS, undefined, { signal, ref: false })
  await killQemuOf(name, signal)
}
