import { lstat } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { type Domain, DomainShutdownFlags } from '@see/libvirt'
import type { InterfaceAddresses, SandboxDomain } from '../../resources.ts'
import type { DomainState } from '../../transitions.ts'
import { containerInit } from './container-init.ts'

/** Where the inits that can be told a run level listen. */
const INITCTL = ['run/initctl', 'dev/initctl', 'etc/.initctl']

/** A container's domain: what only machines have, a screen say, it lacks. */
export class ContainerDomain implements SandboxDomain {
  /** libvirt's own object, for all that is not here. */
  readonly virDomain: Domain

  constructor(domain: Domain) {
    this.virDomain = domain
  }

  get name(): string {
    return this.virDomain.name
  }

  get uuid(): string {
    return this.virDomain.uuid
  }

  getState(): Promise<{ state: DomainState }> {
    return this.virDomain.getState()
  }

  create(): Promise<void> {
    return this.virDomain.create()
  }

  /**
   * Frozen first: libvirt kills what is frozen at once, and an init that runs and does not heed SIGTERM after 1.8 s only,
   * in which the container goes on.
   */
  async destroy(): Promise<void> {
    await this.freeze()
    await this.virDomain.destroy()
  }

  /** Whether nothing runs in it now, because it stands still or is off. */
  async freeze(): Promise<boolean> {
    const { state } = await this.virDomain.getState()
    if (state !== 'running') return true
    return await this.virDomain.suspend().then(
      () => true,
      () => false,
    )
  }

  suspend(): Promise<void> {
    return this.virDomain.suspend()
  }

  resume(): Promise<void> {
    return this.virDomain.resume()
  }

  /** Asks the init to reboot: over its initctl pipe, or by SIGHUP. libvirt starts the container anew when it does. */
  async reboot(): Promise<void> {
    await this.virDomain.reboot({ flags: await this.#way() })
  }

  /** Asks the init to stop: over its initctl pipe, or by SIGTERM. */
  async shutdown(): Promise<void> {
    await this.virDomain.shutdown({ flags: await this.#way() })
  }

  /** libvirt's refusal: a container has no reset line. */
  reset(): Promise<void> {
    return this.virDomain.reset()
  }

  /** libvirt's refusal: a container cannot suspend itself to RAM. */
  pmWakeup(): Promise<void> {
    return this.virDomain.pmWakeup()
  }

  interfaceAddresses(source: 'lease' | 'agent'): Promise<readonly InterfaceAddresses[]> {
    return this.virDomain.interfaceAddresses(source)
  }

  getXMLDesc(): Promise<string> {
    return this.virDomain.getXMLDesc()
  }

  /** The container's console, both ways. Destroy it to let go. */
  openConsole(options?: { readonly signal?: AbortSignal }): Promise<Duplex> {
    return this.virDomain.openConsole(options)
  }

  /** libvirt itself reports success when it finds no pipe, and then sends no signal. */
  async #way(): Promise<number> {
    // Where its processes cannot be seen from here, the signal is what most inits know.
    const init = await containerInit(this.virDomain).catch(() => 0)
    const pipes = await Promise.all(INITCTL.map((path) => isPipe(`/proc/${init}/root/${path}`)))
    return pipes.includes(true) ? DomainShutdownFlags.initctl : DomainShutdownFlags.signal
  }
}

function isPipe(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFIFO(),
    () => false,
  )
}
