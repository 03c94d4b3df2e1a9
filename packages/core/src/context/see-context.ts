import type { Owner } from '../events/owner.ts'
import type { Agent } from '../contract/agent.ts'
import { Context } from './context.ts'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import type { Attributes } from '../events/event.ts'
import { GuestConduct } from './guest-conduct.ts'
import type { GuestEnd } from '../contract/guest-end.ts'
import type { Logger } from '../common/logger.ts'
import type { InterfaceAddresses, Resources } from '../contract/resources.ts'
import { assertAllowed, type DomainState, type Transition } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import { eitherSignal } from '../common/timeout-signal.ts'
import { ContextReadiness } from './context-readiness.ts'
import type { Diagnosis } from '../readiness/diagnosis.ts'
import type { IsolationReceipt } from '../isolation/receipt.ts'
import type { Readiness, ReadyOptions } from '../readiness/ready-options.ts'
import { GuestConsole } from './guest-console.ts'
import type { ShutdownOptions, TransitionAttributes } from './shutdown-arguments.ts'
import { askState, TransitionBound } from './transition-bound.ts'
import { GuestAddresses } from './guest-addresses.ts'
import type { AddressOptions } from './wait-for-address.ts'
import type { VerifyIsolationOptions } from './verify-isolation.ts'

/** Fires the events of the transitions. */
const OWNER: Owner = { name: '@see/core#SeeContext' }

/**
 * A context over a domain. Each transition fires `pre_…` and `post_…` with the attributes it was given; a forbidden one
 * throws `TRANSITION_FORBIDDEN` and fires nothing. Nothing else of the context runs between the two events of a
 * transition, but for the time in which `shutdown` waits for the guest.
 *
 * The provider has `timeoutMs` for a transition, not counting handlers: when not given, five minutes for `poweron` and one
 * for others. Then it throws `TRANSITION_TIMEOUT`, or, once the signal aborts, that one's reason, and fires no `post_…`.
 */
export class SeeContext<R extends Resources = Resources> extends Context {
  readonly #resources: R
  readonly #release: () => Promise<void>
  readonly #conduct: GuestConduct
  readonly #addresses: GuestAddresses
  /** Runs programs and moves files in the guest; talking to it fails with `AGENT_UNAVAILABLE` when the sandbox has no channel to one. */
  readonly agent: Agent
  /** The guest's first console, for several readers. */
  readonly console: GuestConsole
  readonly #readiness: ContextReadiness

  /** @param release releases the resources, if that takes more than `resources.deallocate` */
  constructor(identifier: string, resources: R, logger: Logger, release = () => resources.deallocate()) {
    super(identifier, logger)
    this.#resources = resources
    this.#release = release
    this.#conduct = new GuestConduct(this, OWNER, () => this.#addresses.forget())
    this.#addresses = new GuestAddresses(this, this.#conduct)
    const { agent, ends } = resources.abilities
    this.agent = agent?.own ?? new GuestAgent(agent?.channel, this.#conduct.agentMisbehaved)
    this.console = new GuestConsole(() => resources.abilities.console)
    this.#readiness = new ContextReadiness(this)
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

  /** What was seen of the guest when it did not get ready last. */
  get diagnosis(): Diagnosis | undefined {
    return this.#readiness.diagnosis
  }

  /**
   * Waits until the guest is ready by the first of the given sources, without any by its agent; fires `ready`, or `not_ready`.
   * @throws NotReadyError `NOT_READY` or `GUEST_STOPPED`, with what was seen of the guest; SeeError
   * `CONFIGURATION_INVALID` for a source that it has not
   */
  async ready(options: ReadyOptions = {}): Promise<Readiness> {
    return await this.#readiness.wait(options)
  }

  /**
   * Has the guest try what its network forbids and allows, and fires `isolation_verified`; `isolation` has the receipt
   * then. A guest that cannot try it, or of whose network nothing is known, is `unprobed` there.
   * @throws SeeError `ISOLATION_BROKEN` on a mismatch; NotReadyError where its agent is waited for
   */
  async verifyIsolation(options: VerifyIsolationOptions = {}): Promise<IsolationReceipt> {
    const { verifyIsolation } = await import('./verify-isolation.ts')
    return await verifyIsolation(this, options)
  }

  /** @throws SeeError `HYPERVISOR_TIMEOUT` when the provider does not say within `timeoutMs`, 30 seconds when not given */
  state(options: WaitOptions = {}): Promise<DomainState> {
    return askState(this.domain, options)
  }

  poweron(attributes?: TransitionAttributes, options?: WaitOptions): Promise<void> {
    return this.#transition('poweron', attributes, options, (state, wait) => {
      // The guest may have stopped on its own since.
      this.#addresses.forget()
      this.console.forget()
      this.#conduct.beginRun()
      return this.start(state, wait)
    })
  }

  pause(attributes?: TransitionAttributes, options?: WaitOptions): Promise<void> {
    return this.#transition('pause', attributes, options, (_state, wait) => this.domain.suspend(wait))
  }

  /** Resumes a paused domain; wakes one that suspended itself to RAM. */
  resume(attributes?: TransitionAttributes, options?: WaitOptions): Promise<void> {
    return this.#transition('resume', attributes, options, (state, wait) => {
      return state === 'pmsuspended' ? this.domain.pmWakeup(wait) : this.domain.resume(wait)
    })
  }

  /** Asks the guest to restart; a crashed one is reset, for it cannot be asked. */
  restart(attributes?: TransitionAttributes, options?: WaitOptions): Promise<void> {
    return this.#transition('restart', attributes, options, async (state, wait) => {
      this.#conduct.beginRun()
      await (await import('./transition-work.ts')).restart(this, state, wait)
    })
  }

  /** Cuts the power, also of a guest whose QEMU does not answer any more. */
  poweroff(attributes?: TransitionAttributes, options?: WaitOptions): Promise<void> {
    return this.#transition('poweroff', attributes, options, async (_state, wait) => {
      await (await import('./transition-work.ts')).cutPower(this, wait)
      this.#addresses.forget()
    })
  }

  /**
   * Asks the guest to shut down and waits until it has; `post_shutdown` is fired only then. A guest that boots just now
   * does not hear it, so that it is asked again every five seconds. The guest has `timeoutMs`, or all the time it wants.
   * @throws SeeError `SHUTDOWN_TIMEOUT`, or `GUEST_STOPPED` when the guest crashes, or is killed, instead
   */
  shutdown(attributes?: TransitionAttributes, options?: ShutdownOptions): Promise<void>
  /** @deprecated Attributes come first, as for the other transitions: `shutdown({}, { timeoutMs })`. */
  shutdown(options: ShutdownOptions | undefined, attributes?: TransitionAttributes): Promise<void>
  async shutdown(
    first?: TransitionAttributes | ShutdownOptions,
    second?: TransitionAttributes | ShutdownOptions,
  ): Promise<void> {
    const { attributes, options } = (await import('./shutdown-arguments.ts')).shutdownArguments(first, second)
    const signal = eitherSignal(this.signal, options.signal)
    const wait = { ...options, signal }
    signal.throwIfAborted()
    await this.turns.take(OWNER, () => this.#askToShutDown(attributes, wait), signal)
    const { shutOff } = await import('./shut-off.ts')
    await shutOff(this, this.#conduct, wait)
    this.#addresses.forget()
    await this.turns.take(OWNER, () => this.trigger('post_shutdown', attributes))
  }

  /** The address of the guest's first interface. */
  macAddress(): string | undefined {
    return this.#resources.macAddress
  }

  /** The guest's IPv4 address, once it has one; remembered until it is powered off. */
  ip4Address(): Promise<string | undefined> {
    return this.#addresses.get('ipv4')
  }

  /** The guest's IPv6 address, once it has one that is not link-local; remembered until it is powered off. */
  ip6Address(): Promise<string | undefined> {
    return this.#addresses.get('ipv6')
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  waitForIp4Address(options: AddressOptions = {}): Promise<string> {
    return this.#addresses.wait('ipv4', { ...options, signal: eitherSignal(this.signal, options.signal) })
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  waitForIp6Address(options: AddressOptions = {}): Promise<string> {
    return this.#addresses.wait('ipv6', { ...options, signal: eitherSignal(this.signal, options.signal) })
  }

  /** The resources behind the context, for what a provider can do beyond the four of the manual. */
  get resources(): R {
    return this.#resources
  }

  cleanup(): Promise<void> {
    return this.#release()
  }

  /** How `poweron` starts the guest. */
  protected async start(state: DomainState | undefined, wait: WaitOptions): Promise<void> {
    // A crashed domain is kept as it is, for evidence, and holds what the new run needs.
    if (state === 'crashed') await this.domain.destroy(wait)
    await this.domain.create(wait)
  }

  #transition(
    transition: Exclude<Transition, 'shutdown'>,
    attributes: Attributes | undefined,
    options: WaitOptions = {},
    change: (state: DomainState | undefined, wait: WaitOptions) => Promise<void>,
  ): Promise<void> {
    const work = async (): Promise<void> => {
      // What is deallocated cannot be asked for its state.
      this.assertOpen(`pre_${transition}`)
      const bound = new TransitionBound(transition, options)
      const ask = (wait: WaitOptions) => this.state(wait)
      const state = await (transition === 'poweroff' ? bound.ifAnswered(ask) : bound.spend(ask))
      if (state !== undefined) assertAllowed(transition, state)
      await this.trigger(`pre_${transition}`, attributes)
      await bound.spend((wait) => change(state, wait))
      await this.trigger(`post_${transition}`, attributes)
    }
    return this.turns.take(OWNER, work, options.signal)
  }

  async #askToShutDown(attributes: Attributes | undefined, wait: WaitOptions): Promise<void> {
    this.assertOpen('pre_shutdown')
    const bound = (await import('./shut-off.ts')).shutdownBound(wait)
    assertAllowed('shutdown', await bound.spend((within) => this.state(within)))
    await this.trigger('pre_shutdown', attributes)
    await bound.spend((within) => this.domain.shutdown(within))
  }

  /** What the provider knows of the guest's addresses now. */
  async interfaceAddresses(): Promise<readonly InterfaceAddresses[]> {
    const { interfaceAddressesOf } = await import('./interface-addresses.ts')
    const { agentMisbehaved } = this.#conduct
    return await interfaceAddressesOf(this.#resources, { state: () => this.state(), agentMisbehaved })
  }
}
