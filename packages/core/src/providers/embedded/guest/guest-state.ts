import { isQemuError, type QemuProcess } from '@see/qemu'
import { z } from 'zod'
import type { DomainState } from '../../../contract/transitions.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'
import { orHypervisorFailed } from '../qemu/qemu-failure.ts'

const answer = z.object({ status: z.string() })

/** QEMU's run states that are not one of a paused guest. */
const states = new Map<string, DomainState>([
  ['running', 'running'],
  ['guest-panicked', 'crashed'],
  ['suspended', 'pmsuspended'],
  ['shutdown', 'shutdown'],
])

/** libvirt's name of the state of a guest. @throws SeeError `HYPERVISOR_FAILED` when QEMU does not tell */
export async function guestState(qemu: QemuProcess | undefined, options?: WaitOptions): Promise<DomainState> {
  return await orHypervisorFailed(askState(qemu, options))
}

async function askState(qemu: QemuProcess | undefined, options?: WaitOptions): Promise<DomainState> {
  if (qemu?.isRunning !== true) return 'shutoff'
  try {
    const { status } = answer.parse(await qemu.qmp.execute('query-status', {}, options))
    return states.get(status) ?? 'paused'
  } catch (error) {
    if (!isQemuError(error, 'QMP_CLOSED') && !isQemuError(error, 'QMP_PROTOCOL')) throw error
    // A guest that powers itself off takes QEMU with it; a QEMU that goes on without its monitor is killed.
    await qemu.ended
    return 'shutoff'
  }
}
