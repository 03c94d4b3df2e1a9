import type { Owner } from '../events/owner.ts'
import type { Agent } from '../contract/agent.ts'
import { addressOf } from './addresses.ts'
import { Context } from './context.ts'
import { SeeError } from '../common/errors.ts'
import type { Attributes } from '../events/event.ts'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import { GuestConduct } from './guest-conduct.ts'
import type { GuestEnd } from '../contract/guest-end.ts'
import type { Logger } from '../common/logger.ts'
import type { InterfaceAddresses, Resources } from '../contract/resources.ts'
import { assertAllowed, type DomainState, type Transition } from '../contract/transitions.ts'
import { type ShutdownOptions, shutOff } from './shut-off.ts'
import { type AddressOptions, type AddressType, mayHaveAddress, waitForAddress } from './wait-for-address.ts'

/** Fires the events of the transitions. */
const OWNER: Owner = { name: '@see/core#SeeContext' }

/**
 * A context over a domain. Each transition fires `pre_…` and `post_…` with the attributes it was given; a forbidden one
 * throws `TRANSITION_FORBIDDEN` and fires nothing. Nothing else of the context runs between the two events of a
 * transition, but for the time in which `shutdown` waits for the guest.
 */
export class SeeContext<R extends Resources = Resources> extends Context {
  readonly #resources: R
  readonly #conduct: GuestConduct
  #addresses = new Map<AddressType, string>()
  /** Runs programs and moves files in the guest; talking to it fails with `AGENT_UNAVAILABLE` when the sandbox has no channel to one. */
  readonly agent: Agent

  constructor(identifier: string, resources: R, logger: Logger) {
    super(identifier, logger)
    this.#resources = resources
    this.#conduct = new GuestConduct(this, OWNER, () => this.#forgetAddresses())
    const { agent, ends } = resources.abilities
    this.agent = agent?.own ?? new GuestAgent(agent?.channel, this.#conduct.agentMisbehaved)
    ends?.watch(this.#conduct)
  }

  get hypervisor(): R['hypervisor'] {
    return this.#resources.hypervisor
  }

  get domain(): R['domain'] {
    return this.#resources.domain
  }

  get storagePool(): R['storagePool'] {
    return this.#resources.storagePool
  }

  get network(): R['network'] {
    return this.#resources.network
  }

  /** The ends that were not asked for, oldest first; at most one for each power-on or restart. */
  get guestEnds(): readonly GuestEnd[] {
    return this.#conduct.ends
  }

  /** How often the guest rebooted without a request. */
  get guestReboots(): number {
    return this.#conduct.reboots
  }

  async state(): Promise<DomainState> {
    return (await this.domain.getState()).state
  }

  poweron(attributes?: Attributes): Promise<void> {
    return this.#transition('poweron', attributes, (state) => {
      // The guest may have stopped on its own since.
      this.#forgetAddresses()
      this.#conduct.beginRun()
      return this.start(state)
    })
  }

  pause(attributes?: Attributes): Promise<void> {
    return this.#transition('pause', attributes, () => this.domain.suspend())
  }

  /** Resumes a paused domain; wakes one that suspended itself to RAM. */
  resume(attributes?: Attributes): Promise<void> {
    return this.#transition('resume', attributes, (state) => {
      return state === 'pmsuspended' ? this.domain.pmWakeup() : this.domain.resume()
    })
  }

  /** Asks the guest to restart; a crashed one is reset, for it cannot be asked. */
  restart(attributes?: Attributes): Promise<void> {
    return this.#transition('restart', attributes, async (state) => {
      this.#conduct.beginRun()
      if (state !== 'crashed') return this.domain.reboot()
      await this.domain.reset()
      if ((await this.state()) === 'paused') await this.domain.resume()
    })
  }

  /** Cuts the power. */
  poweroff(attributes?: Attributes): Promise<void> {
    return this.#transition('poweroff', attributes, async () => {
      await this.domain.destroy().catch(async (error: unknown) => {
        // The guest may have ended on its own meanwhile, for example while handlers of `pre_poweroff` ran.
        if ((await this.state().catch(() => undefined)) !== 'shutoff') throw error
      })
      this.#forgetAddresses()
    })
  }

  /**
   * Asks the guest to shut down and waits until it has; `post_shutdown` is fired only then. A guest that boots just now
   * does not hear it, so that it is asked again every five seconds.
   * @throws SeeError `SHUTDOWN_TIMEOUT`, or `GUEST_STOPPED` when the guest crashes, or is killed, instead
   */
  async shutdown({ signal, ...options }: ShutdownOptions = {}, attributes?: Attributes): Promise<void> {
    const ending = this.#orClosing(signal)
    ending.throwIfAborted()
    await this.turns.take(OWNER, async () => {
      this.assertOpen('pre_shutdown')
      assertAllowed('shutdown', await this.state())
      await this.trigger('pre_shutdown', attributes)
      await this.domain.shutdown()
    })
    const guest = {
      state: () => this.state(),
      askAgain: () => this.domain.shutdown(),
      hasFailed: () => this.#conduct.hasFailed,
      explain: (state: DomainState) => this.#conduct.explain(state),
    }
    await shutOff(guest, { ...options, signal: ending })
    this.#forgetAddresses()
    await this.turns.take(OWNER, () => this.trigger('post_shutdown', attributes))
  }

  /** The address of the guest's first interface. */
  macAddress(): string | undefined {
    return this.#resources.macAddress
  }

  /** The guest's IPv4 address, once it has one; remembered until it is powered off. */
  ip4Address(): Promise<string | undefined> {
    return this.#address('ipv4')
  }

  /** The guest's IPv6 address, once it has one that is not link-local; remembered until it is powered off. */
  ip6Address(): Promise<string | undefined> {
    return this.#address('ipv6')
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  waitForIp4Address(options: AddressOptions = {}): Promise<string> {
    return this.#waitForAddress('ipv4', options)
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  waitForIp6Address(options: AddressOptions = {}): Promise<string> {
    return this.#waitForAddress('ipv6', options)
  }

  /** The resources behind the context, for what a provider can do beyond the four of the manual. */
  get resources(): R {
    return this.#resources
  }

  cleanup(): Promise<void> {
    return this.#resources.deallocate()
  }

  /** How `poweron` starts the guest. */
  protected async start(state: DomainState): Promise<void> {
    // A crashed domain is kept as it is, for evidence, and holds what the new run needs.
    if (state === 'crashed') await this.domain.destroy()
    await this.domain.create()
  }

  #transition(
    transition: Exclude<Transition, 'shutdown'>,
    attributes: Attributes | undefined,
    change: (state: DomainState) => Promise<void>,
  ): Promise<void> {
    return this.turns.take(OWNER, async () => {
      // What is deallocated cannot be asked for its state.
      this.assertOpen(`pre_${transition}`)
      const state = await this.state()
      assertAllowed(transition, state)
      await this.trigger(`pre_${transition}`, attributes)
      await change(state)
      await this.trigger(`post_${transition}`, attributes)
    })
  }

  /** Replaces them, so that an answer still under way is not taken for one of the next run. */
  #forgetAddresses(): void {
    this.#addresses = new Map()
  }

  async #address(type: AddressType): Promise<string | undefined> {
    const addresses = this.#addresses
    const known = addresses.get(type)
    if (known !== undefined) return known
    const interfaces = await this.interfaceAddresses()
    const address = addressOf(interfaces, this.macAddress(), type)
    if (address !== undefined) addresses.set(type, address)
    return address
  }

  /** What the provider knows of the guest's addresses now. */
  protected async interfaceAddresses(): Promise<readonly InterfaceAddresses[]> {
    const source = this.#resources.addressSource
    try {
      return await this.domain.interfaceAddresses(source)
    } catch (error) {
      if (error instanceof SeeError && error.code === 'AGENT_CHANNEL') this.#conduct.agentMisbehaved(error)
      // While the guest boots there is no agent to ask.
      if (source === 'agent') return []
      // libvirt refuses to be asked about a domain that is not running, and it may have just stopped.
      if (!mayHaveAddress(await this.state())) return []
      throw error
    }
  }

  #waitForAddress(type: AddressType, { signal, ...options }: AddressOptions): Promise<string> {
    const guest = {
      address: (wanted: AddressType) => this.#address(wanted),
      state: () => this.state(),
      explain: (state: DomainState) => this.#conduct.explain(state),
    }
    return waitForAddress(guest, type, { ...options, signal: this.#orClosing(signal) })
  }

  #orClosing(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.signal : AbortSignal.any([this.signal, signal])
  }
}
