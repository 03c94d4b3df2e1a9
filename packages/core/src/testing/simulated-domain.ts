import { writeFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { bounded } from '../common/bounded.ts'
import { hypervisorTimeout } from '../contract/hypervisor-timeout.ts'
import type { CoreDumpOptions } from '../contract/memory-ability.ts'
import type { InterfaceAddresses, SandboxDomain } from '../contract/resources.ts'
import type { Screenshot } from '../contract/screen-ability.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import { type Faults, mayFail, mayFailLater } from './faults.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

export const SIMULATED_MAC = '52:54:00:00:00:01'

const BLACK_PIXEL = Buffer.from('P6\n1 1\n255\n\0\0\0', 'latin1')

/** A domain without a guest, which changes its state as libvirt's would. */
export class SimulatedDomain implements SandboxDomain {
  /** Set it to see how a context behaves in that state. */
  state: DomainState
  address = '10.0.0.2'
  /** What `coreDump` finds in the guest's memory. */
  memory: string
  /** Every console that was opened: write to the last what the guest says. It ends when the guest is off. */
  readonly consoles: PassThrough[] = []
  /** How often it was powered on. */
  powerOns = 0
  readonly #guest: SimulatedGuest
  readonly #faults: Faults

  constructor(state: DomainState = 'shutoff', faults: Faults = {}, guest: SimulatedGuest = {}) {
    this.state = state
    this.memory = guest.memory ?? ''
    this.#faults = faults
    this.#guest = guest
  }

  async getState(options?: WaitOptions): Promise<{ state: DomainState }> {
    if (this.#faults.hanging?.includes('getState') === true) await this.#takeTime('getState', options)
    return { state: this.state }
  }

  async create(options?: WaitOptions): Promise<void> {
    await this.#become('create', 'running', options)
    this.powerOns++
  }

  destroy(options?: WaitOptions): Promise<void> {
    return this.#become('destroy', 'shutoff', options)
  }

  suspend(options?: WaitOptions): Promise<void> {
    return this.#become('suspend', 'paused', options)
  }

  resume(options?: WaitOptions): Promise<void> {
    return this.#become('resume', 'running', options)
  }

  reboot(options?: WaitOptions): Promise<void> {
    return this.#become('reboot', 'running', options)
  }

  reset(options?: WaitOptions): Promise<void> {
    return this.#become('reset', 'running', options)
  }

  pmWakeup(options?: WaitOptions): Promise<void> {
    return this.#become('pmWakeup', 'running', options)
  }

  shutdown(options?: WaitOptions): Promise<void> {
    const state = this.#faults.ignoresShutdown === true ? this.state : 'shutoff'
    return this.#become('shutdown', state, options)
  }

  async interfaceAddresses(): Promise<InterfaceAddresses[]> {
    if (this.state === 'shutoff') throw new Error('Requested operation is not valid: domain is not running')
    if (this.state !== 'running' || this.#faults.noAddress === true) return []
    const addrs = [{ type: 'ipv4', addr: this.address, prefix: 24 } as const]
    return [{ name: 'vnet0', hwaddr: SIMULATED_MAC, addrs }]
  }

  async screenshot(): Promise<Screenshot> {
    mayFail(this.#faults, 'screenshot')
    return { mimeType: 'image/x-portable-pixmap', data: only(this.#guest.screen ?? BLACK_PIXEL) }
  }

  async openConsole({ signal }: WaitOptions = {}): Promise<PassThrough> {
    mayFail(this.#faults, 'openConsole')
    signal?.throwIfAborted()
    const console = new PassThrough()
    this.consoles.push(console)
    signal?.addEventListener('abort', () => console.destroy(new Error('the opening was aborted')))
    if (this.#guest.console !== undefined) console.write(this.#guest.console)
    return console
  }

  async coreDump(path: string, { format }: CoreDumpOptions): Promise<void> {
    mayFail(this.#faults, 'coreDump')
    const header = format === 'raw' ? '\x7fELF' : 'makedumpfile\0'
    // A named pipe takes no more than it is given room for: as libvirt, this waits for who reads.
    await writeFile(path, `${header}${this.memory}`, { encoding: 'latin1' })
  }

  /** What is given up does not happen. */
  async #become(method: string, state: DomainState, options?: WaitOptions): Promise<void> {
    await this.#takeTime(method, options)
    this.state = state
    if (state === 'shutoff') this.consoles.at(-1)?.end()
  }

  async #takeTime(method: string, options: WaitOptions = {}): Promise<void> {
    await bounded(options, hypervisorTimeout(method), () => mayFailLater(this.#faults, method))
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
