import { setTimeout as sleep } from 'node:timers/promises'
import type { DomainLifecycleEvent, Hypervisor } from '@see/libvirt'
import { messageOf } from '../../../common/errors.ts'
import { evidenceWarning } from '../../../contract/evidence-warning.ts'
import type { GuestEndReason } from '../../../contract/guest-end.ts'
import { DomainEvents } from './domain-events.ts'
import { GuestEnds } from '../../../contract/guest-ends.ts'

/** How long the event of an end may take that a call has already seen. */
const EVENT_MS = 1000
const POLL_MS = 10
const UNKNOWN = { exitCode: null, signal: null }

// Facts: virDomainEventShutdownDetailType, virDomainEventSuspendedDetailType and virDomainEventStoppedDetailType.
const SHUTDOWN_BY_HOST = 2
const SUSPENDED_BY_ERROR = 2
const STOPPED = ['shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from snapshot'] as const

/** Watches, by libvirt's events, how one domain ends. */
export class GuestWatch {
  readonly ends = new GuestEnds()
  readonly #hypervisor: Hypervisor
  readonly #uuid: string
  readonly #isContainer: boolean
  /** Called each time that the domain has stopped. */
  onStopped: () => void = () => undefined
  /** Called when libvirt has paused the guest, since there was no room for what it writes. */
  onNoRoom: () => Promise<void> = async () => undefined
  /** Why the power is being cut, where that was not asked for. */
  whyKilled: string | undefined
  #leave: (() => Promise<void>) | undefined
  #isLeaving = false
  #endedByHost = false

  constructor(hypervisor: Hypervisor, uuid: string, isContainer = false) {
    this.#hypervisor = hypervisor
    this.#uuid = uuid
    this.#isContainer = isContainer
  }

  /** Begins to watch, once. Where that fails, a warning says so, and the guest runs unwatched. */
  async join(): Promise<void> {
    this.#endedByHost = false
    this.whyKilled = undefined
    if (this.#leave !== undefined || this.#isLeaving) return
    try {
      this.#leave = await DomainEvents.observe(this.#hypervisor.uri, this.#uuid, {
        lifecycle: (event) => this.#lifecycle(event),
        rebooted: () => this.ends.rebooted('the guest restarted its machine'),
        lost: (reason) => this.#lost(reason),
      })
    } catch (error) {
      this.#warn(error)
    }
  }

  /** The domain was seen to have ended: returns once that is on record, in a second at most. */
  async hasEnded(): Promise<void> {
    if (this.#leave === undefined) return
    const deadline = Date.now() + EVENT_MS
    while (this.ends.isOn && Date.now() < deadline) await sleep(POLL_MS)
    if (this.ends.isOn)
      this.#ended('failed', 'libvirt does not know the guest any more, and no event says why')
  }

  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#leave?.()
    this.#leave = undefined
  }

  #lifecycle({ type, detail }: DomainLifecycleEvent): void {
    if (type === 'shutdown') this.#endedByHost = detail === SHUTDOWN_BY_HOST
    if (type === 'suspended' && detail === SUSPENDED_BY_ERROR) this.onNoRoom().catch(() => undefined)
    if (type === 'crashed') this.#ended('crashed', 'the kernel of the guest panicked')
    if (type !== 'stopped') return
    this.onStopped()
    this.#stopped(detail)
  }

  #stopped(detail: number): void {
    const how = STOPPED[detail]
    if (how === 'shutdown' && this.#endedByHost) {
      return this.#ended('killed', 'QEMU was terminated by a signal or by its monitor')
    }
    if (how === 'shutdown' && this.#isContainer) {
      const why = 'the init of the container exited, or was killed; libvirt does not report which'
      return this.#ended('stopped', `${why}; ${this.#logHint}`)
    }
    if (how === 'shutdown') return this.#ended('powered_off', 'the guest powered itself off')
    if (how === 'crashed') return this.#ended('crashed', 'the guest crashed, and libvirt stopped it')
    if (how === 'destroyed') {
      const others = 'another client of libvirt, or the loss of a connection, cut its power'
      return this.#ended('killed', this.whyKilled ?? others)
    }
    // What follows these was asked for through libvirt: the guest runs on, or can.
    if (how === 'migrated' || how === 'saved' || how === 'from snapshot') return
    this.#ended('failed', `what ran the guest was killed or failed; ${this.#logHint}`)
  }

  get #logHint(): string {
    const log = `/var/log/libvirt/${this.#isContainer ? 'lxc' : 'qemu'}/${this.#uuid}.log`
    return `on libvirtd's host ${log} may say more`
  }

  #ended(reason: GuestEndReason, detail: string): void {
    this.ends.ended({ reason, detail, ...UNKNOWN })
  }

  /** The connection for events is lost, mostly since libvirtd has ended; then the other one is also lost. */
  #lost(reason: Error): void {
    this.#leave = undefined
    this.#warn(reason)
    void this.#reportLoss()
  }

  async #reportLoss(): Promise<void> {
    const why = await this.#hypervisor.closed
    if (why !== undefined) this.#ended('lost', `the connection to libvirtd is lost: ${messageOf(why)}`)
  }

  #warn(reason: unknown): void {
    const what = 'an unrequested end of the guest'
    const why = `libvirt's events cannot be received: ${messageOf(reason)}`
    this.ends.warned(evidenceWarning('GUEST_UNWATCHED', what, why))
  }
}
