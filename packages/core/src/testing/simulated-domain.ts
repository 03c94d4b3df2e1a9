import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CoreDumpOptions, InterfaceAddresses, SandboxDomain, Screenshot } from '../resources.ts'
import type { DomainState } from '../transitions.ts'

/** What goes wrong in a simulated sandbox. */
export interface Faults {
  /** These methods of the domain, or `allocate` and `deallocate`, throw. */
  readonly failing?: readonly string[]
  /** The guest does nothing when it is asked to shut down. */
  readonly ignoresShutdown?: boolean
  /** The guest gets no address. */
  readonly noAddress?: boolean
  /** Milliseconds that each method of the domain takes. */
  readonly delayMs?: number
}

export const SIMULATED_MAC = '52:54:00:00:00:01'

/** A domain without a guest, which changes its state as libvirt's would. */
export class SimulatedDomain implements SandboxDomain {
  /** Set it to see how a context behaves in that state. */
  state: DomainState
  address = '10.0.0.2'
  /** What `coreDump` finds in the guest's memory. */
  memory = ''
  readonly #faults: Faults

  constructor(state: DomainState = 'shutoff', faults: Faults = {}) {
    this.state = state
    this.#faults = faults
  }

  async getState(): Promise<{ state: DomainState }> {
    return { state: this.state }
  }

  create(): Promise<void> {
    return this.#become('create', 'running')
  }

  destroy(): Promise<void> {
    return this.#become('destroy', 'shutoff')
  }

  suspend(): Promise<void> {
    return this.#become('suspend', 'paused')
  }

  resume(): Promise<void> {
    return this.#become('resume', 'running')
  }

  reboot(): Promise<void> {
    return this.#become('reboot', 'running')
  }

  reset(): Promise<void> {
    return this.#become('reset', 'running')
  }

  pmWakeup(): Promise<void> {
    return this.#become('pmWakeup', 'running')
  }

  shutdown(): Promise<void> {
    return this.#become('shutdown', this.#faults.ignoresShutdown === true ? this.state : 'shutoff')
  }

  async interfaceAddresses(): Promise<InterfaceAddresses[]> {
    if (this.state === 'shutoff') throw new Error('Requested operation is not valid: domain is not running')
    if (this.state !== 'running' || this.#faults.noAddress === true) return []
    const addrs = [{ type: 'ipv4', addr: this.address, prefix: 24 } as const]
    return [{ name: 'vnet0', hwaddr: SIMULATED_MAC, addrs }]
  }

  async screenshot(): Promise<Screenshot> {
    return { mimeType: 'image/x-portable-pixmap', data: blackPixel() }
  }

  async coreDump(path: string, { format }: CoreDumpOptions): Promise<void> {
    if (this.#faults.failing?.includes('coreDump') === true) throw new Error('simulated failure of coreDump')
    const header = format === 'raw' ? '\x7fELF' : 'makedumpfile\0'
    // A named pipe takes no more than it is given room for: as libvirt, this waits for who reads.
    await writeFile(path, `${header}${this.memory}`, { encoding: 'latin1' })
  }

  async #become(method: string, state: DomainState): Promise<void> {
    if (this.#faults.delayMs !== undefined) await sleep(this.#faults.delayMs)
    if (this.#faults.failing?.includes(method) === true) throw new Error(`simulated failure of ${method}`)
    this.state = state
  }
}

async function* blackPixel(): AsyncGenerator<Buffer> {
  yield Buffer.from('P6\n1 1\n255\n\0\0\0', 'latin1')
}
