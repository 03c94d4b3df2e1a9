import type { Hypervisor } from '@see/libvirt'
import { timeoutSignal } from '../../../common/timeout-signal.ts'
import { openDaemon } from './open-daemon.ts'

/** To connect, which a daemon that is stopped does not refuse. */
const OPEN_MS = 10_000
const CALL_MS = 60_000

/** Connections for undoing things, each opened when it is first needed; what is unreachable once is not tried again. */
export class Daemons implements AsyncDisposable {
  readonly #open = new Map<string, Promise<Hypervisor>>()

  /** @throws SeeError `HYPERVISOR_UNREACHABLE` */
  async at(uri: string): Promise<Hypervisor> {
    const opening =
      this.#open.get(uri) ?? openDaemon(uri, { signal: timeoutSignal(OPEN_MS), callTimeoutMs: CALL_MS })
    this.#open.set(uri, opening)
    return await opening
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(async (each) => (await each).close()))
  }
}
