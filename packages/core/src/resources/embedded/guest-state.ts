import { isQemuError, type QemuProcess } from '@see/qemu'
import { z } from 'zod'
import type { DomainState } from '../../transitions.ts'

const answer = z.object({ status: z.string() })

/** QEMU's run states that are not one of a paused guest. */
const states = new Map<string, DomainState>([
  ['running', 'running'],
  ['guest-panicked', 'crashed'],
  ['suspended', 'pmsuspended'],
  ['shutdown', 'shutdown'],
])

/** libvirt's name of the state of a guest. */
export async function guestState(qemu: QemuProcess | undefined): Promise<DomainState> {
  if (qemu?.isRunning !== true) return 'shutoff'
  try {
    const { status } = answer.parse(await qemu.qmp.execute('query-status'))
    return states.get(status) ?? 'paused'
  } catch (error) {
    if (!isQemuError(error, 'QMP_CLOSED')) throw error
    // A guest that powers itself off takes QEMU with it.
    await qemu.ended
    return 'shutoff'
  }
}
