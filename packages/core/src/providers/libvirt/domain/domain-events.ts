import { type DomainLifecycleEvent, Hypervisor } from '@see/libvirt'

/** Receives the events of one domain. */
export interface DomainObserver {
  lifecycle(event: DomainLifecycleEvent): void
  rebooted(): void
  /** No more events come. */
  lost(reason: Error): void
}

/** The connections by which this process receives events while there is an observer, by URI. */
const open = new Map<string, Promise<DomainEvents>>()

/**
 * The events of all domains of a hypervisor, by one connection for the whole process: libvirtd takes a registration
 * once for each connection, and registering for each domain would be a call more for each power-on.
 */
export class DomainEvents {
  readonly #hypervisor: Hypervisor
  readonly #observers = new Map<string, DomainObserver>()

  private constructor(hypervisor: Hypervisor) {
    this.#hypervisor = hypervisor
  }

  /**
   * Observes a domain until the returned function is called.
   * @throws what connecting or registering failed with
   */
  static async observe(uri: string, uuid: string, observer: DomainObserver): Promise<() => Promise<void>> {
    const opening = open.get(uri) ?? DomainEvents.#open(uri)
    open.set(uri, opening)
    const events = await opening.catch((error: unknown) => {
      if (open.get(uri) === opening) open.delete(uri)
      throw error
    })
    // The last one may have left while this one waited.
    if (open.get(uri) !== opening) return await DomainEvents.observe(uri, uuid, observer)
    events.#observers.set(uuid, observer)
    return async () => {
      events.#observers.delete(uuid)
      if (events.#observers.size > 0 || open.get(uri) !== opening) return
      open.delete(uri)
      await events.#hypervisor.close()
    }
  }

  static async #open(uri: string): Promise<DomainEvents> {
    const hypervisor = await Hypervisor.open(uri)
    const events = new DomainEvents(hypervisor)
    try {
      await Promise.all([
        hypervisor.on('domainLifecycle', (event) => {
          events.#observers.get(event.domain.uuid)?.lifecycle(event)
        }),
        hypervisor.on('domainReboot', ({ domain }) => events.#observers.get(domain.uuid)?.rebooted()),
      ])
    } catch (error) {
      await hypervisor.close()
      throw error
    }
    void events.#awaitLoss(uri)
    return events
  }

  async #awaitLoss(uri: string): Promise<void> {
    const reason = await this.#hypervisor.closed
    if (reason === undefined) return
    open.delete(uri)
    const observers = Array.from(this.#observers.values())
    this.#observers.clear()
    for (const observer of observers) observer.lost(reason)
  }
}
