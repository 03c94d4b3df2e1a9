import { type Owner, runAs } from './actor.ts'
import type { Agent } from './agent.ts'
import { addressOf } from './addresses.ts'
import { Context } from './context.ts'
import { messageOf, SeeError } from './errors.ts'
import type { Attributes } from './event.ts'
import { type EvidenceWarning, evidenceWarning } from './evidence-warning.ts'
import { type GuestEnd, isFailedEnd } from './guest-end.ts'
import { GuestAgent } from './guest-agent/guest-agent.ts'
import type { Logger } from './logger.ts'
import { quoted } from './quoted.ts'
import type { InterfaceAddresses, Resources } from './resources.ts'
import { assertAllowed, type DomainState, type Transition } from './transitions.ts'
import { until } from './until.ts'

/** Fires the events of the transitions. */
const OWNER: Owner = { name: '@see/core#SeeContext' }
const ADDRESS_TIMEOUT_MS = 120_000
/** Reboots that are events: the guest decides how often it reboots. */
const MOST_REBOOTS = 100

export interface ShutdownOptions {
  /** How long the guest may take, in milliseconds; without it, as long as it likes. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface AddressOptions {
  /** How long to wait, in milliseconds; two minutes when not given. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * A context over a domain. Each transition fires `pre_…` and `post_…` with the attributes it was given; a forbidden one
 * throws `TRANSITION_FORBIDDEN` and fires nothing. Nothing else of the context runs between the two events of a
 * transition, but for the time in which `shutdown` waits for the guest.
 */
export class SeeContext<R extends Resources = Resources> extends Context {
  readonly #resources: R
  readonly #guestEnds: GuestEnd[] = []
  #guestReboots = 0
  /** The end of the present run. */
  #end: GuestEnd | undefined
  #addresses = new Map<'ipv4' | 'ipv6', string>()
  #agentMisbehaved = false
  /** Runs programs and moves files in the guest; talking to it fails with `AGENT_UNAVAILABLE` when the sandbox has no channel to one. */
  readonly agent: Agent

  constructor(identifier: string, resources: R, logger: Logger) {
    super(identifier, logger)
    this.#resources = resources
    this.agent = resources.agent ?? new GuestAgent(resources.agentChannel, this.#misbehaved)
    resources.watchGuest?.({
      ended: (end) => this.#guestEnded(end),
      rebooted: (detail) => this.#guestRebooted(detail),
      warned: (warning) => this.#fire(() => this.warn(warning)),
    })
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
    return this.#guestEnds
  }

  /** How often the guest rebooted without having been asked to. */
  get guestReboots(): number {
    return this.#guestReboots
  }

  async state(): Promise<DomainState> {
    return (await this.domain.getState()).state
  }

  poweron(attributes?: Attributes): Promise<void> {
    return this.#transition('poweron', attributes, (state) => {
      // The guest may have stopped by itself since.
      this.#forgetAddresses()
      this.#end = undefined
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
      this.#end = undefined
      if (state !== 'crashed') return this.domain.reboot()
      await this.domain.reset()
      if ((await this.state()) === 'paused') await this.domain.resume()
    })
  }

  /** Cuts the power. */
  poweroff(attributes?: Attributes): Promise<void> {
    return this.#transition('poweroff', attributes, async () => {
      await this.domain.destroy().catch(async (error: unknown) => {
        // The guest may have ended by itself meanwhile, for example while handlers of `pre_poweroff` ran.
        if ((await this.state().catch(() => undefined)) !== 'shutoff') throw error
      })
      this.#forgetAddresses()
    })
  }

  /**
   * Asks the guest to shut down and waits until it has; `post_shutdown` is fired only then.
   * @throws SeeError `SHUTDOWN_TIMEOUT`, or `GUEST_STOPPED` when the guest crashes, or is killed, instead
   */
  async shutdown({ timeoutMs, signal }: ShutdownOptions = {}, attributes?: Attributes): Promise<void> {
    const ending = this.#orClosing(signal)
    ending.throwIfAborted()
    await this.turns.take(OWNER, async () => {
      this.assertOpen('pre_shutdown')
      assertAllowed('shutdown', await this.state())
      await this.trigger('pre_shutdown', attributes)
      await this.domain.shutdown()
    })
    await this.#shutoff(ending, timeoutMs)
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

  #shutoff(signal: AbortSignal, timeoutMs = Number.POSITIVE_INFINITY): Promise<true> {
    const ask = async () => {
      const state = await this.state()
      if (state !== 'shutoff' && state !== 'crashed') return undefined
      if (state === 'shutoff' && (this.#end === undefined || !isFailedEnd(this.#end))) return true
      throw new SeeError('GUEST_STOPPED', `the guest ended instead of shutting down: ${this.#how(state)}`)
    }
    const timedOut = () =>
      new SeeError(
        'SHUTDOWN_TIMEOUT',
        `the guest did not shut down within ${timeoutMs} ms; it may ignore the power button: cut its power with poweroff()`,
      )
    return until(ask, timedOut, { timeoutMs, signal })
  }

  /** Why the guest does not run. */
  #how(state: DomainState): string {
    return this.#end === undefined ? `it is ${state}` : `it is ${state} (${this.#end.detail})`
  }

  #guestEnded(end: GuestEnd): void {
    this.#end = end
    this.#guestEnds.push(end)
    this.#forgetAddresses()
    const { reason, detail, exitCode, signal } = end
    this.logger.info({ reason, detail }, 'the guest ended without having been asked to')
    this.#fire(() => this.trigger('guest_ended', { reason, detail, exit_code: exitCode, signal }))
    if (reason !== 'stopped' && reason !== 'lost') return
    this.#fire(() => this.warn(evidenceWarning('GUEST_END_UNKNOWN', 'how the guest ended', detail)))
  }

  #guestRebooted(detail: string): void {
    this.#guestReboots++
    this.#forgetAddresses()
    if (this.#guestReboots <= MOST_REBOOTS) this.#fire(() => this.trigger('guest_rebooted', { detail }))
    if (this.#guestReboots !== MOST_REBOOTS + 1) return
    const why = `the guest rebooted more than ${MOST_REBOOTS} times; run.json has their number`
    this.#fire(() => this.warn(evidenceWarning('GUEST_REBOOTS_CUT', 'further reboots of the guest', why)))
  }

  /** Fires by itself, in no turn of whoever's work happens to run. */
  #fire(fire: () => Promise<void>): void {
    runAs({ owner: OWNER, turn: undefined }, fire).catch((error: unknown) => {
      // The environment has come to its end meanwhile; what is on record is in the report all the same.
      this.logger.debug({ err: error }, `not fired: ${messageOf(error)}`)
    })
  }

  /** Replaces them, so that an answer still under way is not taken for one of the next run. */
  #forgetAddresses(): void {
    this.#addresses = new Map()
  }

  async #address(type: 'ipv4' | 'ipv6'): Promise<string | undefined> {
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
      if (error instanceof SeeError && error.code === 'AGENT_CHANNEL') this.#misbehaved(error)
      // While the guest boots there is no agent to ask.
      if (source === 'agent') return []
      // libvirt refuses to be asked about a domain that is not running, and it may have just stopped.
      if (!mayHaveAddress(await this.state())) return []
      throw error
    }
  }

  #waitForAddress(
    type: 'ipv4' | 'ipv6',
    { timeoutMs = ADDRESS_TIMEOUT_MS, signal }: AddressOptions,
  ): Promise<string> {
    let last: DomainState = 'nostate'
    const ask = async () => {
      const address = await this.#address(type)
      if (address !== undefined) return address
      const state = await this.state()
      last = state
      if (mayHaveAddress(state)) return undefined
      throw new SeeError('GUEST_STOPPED', `the guest will get no address: ${this.#how(state)}`)
    }
    const timedOut = () =>
      new SeeError(
        'ADDRESS_TIMEOUT',
        `the guest got no ${type === 'ipv4' ? 'IPv4' : 'IPv6'} address within ${timeoutMs} ms, and is ${last} now; does it boot, and ask for one by DHCP?`,
      )
    return until(ask, timedOut, { timeoutMs, signal: this.#orClosing(signal) })
  }

  /** Warned of once: the guest decides how often it happens. */
  readonly #misbehaved = (error: SeeError): void => {
    const warning = evidenceWarning(
      'AGENT_MISBEHAVED',
      'what the guest’s agent was asked for',
      quoted(error.message),
    )
    if (this.#agentMisbehaved) return
    this.#agentMisbehaved = true
    void this.#warnLater(warning)
  }

  /** Not waited for by who saw it: the event may have to wait for them. */
  async #warnLater(warning: EvidenceWarning): Promise<void> {
    try {
      await this.warn(warning)
    } catch (error) {
      this.logger.debug({ err: error, warning }, 'warned of too late')
    }
  }

  #orClosing(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.signal : AbortSignal.any([this.signal, signal])
  }
}

function mayHaveAddress(state: DomainState): boolean {
  return state === 'running' || state === 'paused' || state === 'blocked'
}
