import {
  type CallOptions,
  type CoreDumpOptions,
  Domain,
  DomainCoreDumpFlags,
  DomainCreateFlags,
  type DomainState,
  DomainXMLFlags,
  type FlagOptions,
  type Hypervisor,
  LibvirtConnectionError,
  parseUuid,
} from '@see/libvirt'
import { setImmediate } from 'node:timers/promises'
import { bounded } from '../../../common/bounded.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { unlessAborted } from '../../../common/with-timeout.ts'
import { hypervisorTimeout } from '../../../contract/hypervisor-timeout.ts'
import { entryOf, evenAfterLoss } from '../daemon/libvirt-kind.ts'
import { domainKind } from './domain-kind.ts'
import type { GuestWatch } from './guest-watch.ts'
import { hastened } from './hasten-end.ts'
import { isNoDomain } from './no-domain.ts'

/** Gets the XML of the domain, whose guest is paused. */
type DevicesListener = (xml: string) => Promise<void>

/**
 * A domain that libvirt knows only while it runs, and that it destroys when the connection to this process ends, however
 * that comes. While it is off, its state, and what it is powered on with, is answered here; everything else fails with
 * `VIR_ERR_NO_DOMAIN`.
 */
export class TransientDomain extends Domain {
  readonly #xml: string
  readonly #listeners = new Set<DevicesListener>()
  readonly #watch: GuestWatch
  #undoing: Promise<void> = Promise.resolve()

  /**
   * @param xml what it is powered on with
   * @param watch gets the requests to the domain
   */
  constructor(hypervisor: Hypervisor, identifier: string, xml: string, watch: GuestWatch) {
    super(hypervisor, { name: identifier, uuid: parseUuid(identifier), id: -1 })
    this.#xml = xml
    this.#watch = watch
  }

  /**
   * Calls the listener at each power-on, when the domain's devices exist and before the guest runs. Containers cannot
   * be started that way. Returns what ends it.
   */
  whenDevicesExist(listener: DevicesListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** One that is given up is undone: see {@link undone}. */
  override async create({ signal, timeoutMs, ...options }: FlagOptions = {}): Promise<void> {
    await bounded({ signal, timeoutMs }, hypervisorTimeout('the power-on'), async (over) => {
      await unlessAborted(over, this.undone())
      await unlessAborted(over, this.#watch.join())
      await this.#watch.ends.whileStarting(() => this.start({ ...options, signal: over }))
    })
  }

  /** Resolves once no start that was given up can bring the domain back any more. */
  async undone(): Promise<void> {
    await this.#undoing
  }

  override async destroy(options?: FlagOptions): Promise<void> {
    this.#watch.ends.askOff()
    await this.#cutPower(options)
    this.#watch.ends.isOff()
  }

  /** Cuts the power at a limit: an end that was not asked for. */
  async kill(why: string): Promise<void> {
    this.#watch.whyKilled = why
    await this.#cutPower()
  }

  async #cutPower(options?: FlagOptions): Promise<void> {
    await hastened(super.destroy(options), { name: this.name, uri: this.hypervisor.uri })
  }

  override async shutdown(options?: FlagOptions): Promise<void> {
    this.#watch.ends.askShutdown()
    await super.shutdown(options)
  }

  override async reboot(options?: FlagOptions): Promise<void> {
    this.#watch.ends.askReboot()
    await super.reboot(options)
  }

  override async reset(options?: FlagOptions): Promise<void> {
    this.#watch.ends.askReboot()
    await super.reset(options)
    this.#watch.ends.runsAgain()
  }

  override async coreDump(path: string, options: CoreDumpOptions = {}): Promise<void> {
    const { flags = 0 } = options
    if ((flags & DomainCoreDumpFlags.crash) !== 0) this.#watch.ends.askOff()
    if ((flags & DomainCoreDumpFlags.reset) !== 0) this.#watch.ends.askReboot()
    await super.coreDump(path, options)
  }

  /** Powers it on. */
  protected async start(options: FlagOptions): Promise<void> {
    if (this.#listeners.size === 0) return await this.createFrom(this.#xml, options)
    const { flags = 0 } = options
    const { paused } = DomainCreateFlags
    await this.createFrom(this.#xml, { ...options, flags: flags | paused })
    await this.orDestroyed(options, async () => {
      await this.devicesExist()
      if ((flags & paused) === 0) await this.resume(options)
    })
  }

  /** Calls the listeners. */
  protected async devicesExist(): Promise<void> {
    if (this.#listeners.size === 0) return
    const xml = await this.getXMLDesc()
    await Promise.all([...this.#listeners].map((listener) => listener(xml)))
  }

  protected async orDestroyed({ signal }: FlagOptions, start: () => Promise<void>): Promise<void> {
    try {
      await (signal === undefined ? start() : unlessAborted(signal, start()))
    } catch (error) {
      // It may have ended of that already; what is still there goes with the environment.
      this.#undoing = this.destroy().catch(() => undefined)
      await this.#undoing
      throw error
    }
  }

  protected async createFrom(xml: string, options: FlagOptions): Promise<void> {
    const flags = (options.flags ?? 0) | DomainCreateFlags.autodestroy
    // Aborting the call would leak what it creates.
    const made = this.hypervisor.domainCreateXML(xml, { flags })
    const { signal } = options
    try {
      this.handle = (await (signal === undefined ? made : unlessAborted(signal, made))).handle
    } catch (error) {
      this.#undoing = this.#undo(made)
      throw error
    }
  }

  /** A start that hangs ends with its QEMU; one that succeeds all the same is stopped after that. */
  async #undo(made: Promise<unknown>): Promise<void> {
    const isRefused = made.then(
      () => false,
      (error: unknown) => !(error instanceof LibvirtConnectionError && error.code === 'CALL_TIMEOUT'),
    )
    if (await Promise.race([isRefused, setImmediate(false)])) return
    await this.destroy().catch(() => undefined)
    await made.then(() => this.destroy()).catch(() => undefined)
  }

  /** Why it is off is not known: `reason` is 0 then. */
  override async getState(options?: CallOptions): Promise<{ state: DomainState; reason: number }> {
    const found = await whereOff({ state: 'shutoff', reason: 0 } as const, super.getState(options))
    // A caller that sees it off must find on record how it ended.
    if (found.state === 'shutoff' || found.state === 'crashed') await this.#watch.hasEnded()
    return found
  }

  override async isActive(options?: CallOptions): Promise<boolean> {
    return await whereOff(false, super.isActive(options))
  }

  /** With the flag `inactive`, and while it is off: what it is powered on with, as SEE wrote it. */
  override async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    const isInactive = ((options.flags ?? 0) & DomainXMLFlags.inactive) !== 0
    return isInactive ? this.#xml : await whereOff(this.#xml, super.getXMLDesc(options))
  }
}

/** What a call is answered with when libvirt does not know the domain, because it is off. */
async function whereOff<T>(answer: T, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (isNoDomain(error)) return answer
    throw error
  }
}

/** How a domain ends with its environment. */
interface Ending {
  readonly watch: GuestWatch
  readonly stop: () => Promise<void>
  /** Called once it is off. */
  readonly onStopped: () => void
}

/** Has a domain stopped when its environment ends. */
export async function stopAtTheEnd(
  domain: TransientDomain,
  { watch, stop, onStopped }: Ending,
  releases: ReleaseStack,
): Promise<void> {
  const payload = { uri: domain.hypervisor.uri }
  const thing = { identifier: domain.name, kind: domainKind, payload }
  const end = evenAfterLoss(thing, async () => {
    await domain.undone()
    // It may end on its own between the two.
    if ((await domain.getState()).state !== 'shutoff') await whereOff(undefined, stop())
  })
  await releases.defer(entryOf(domainKind, `domain ${domain.name}`, payload), async () => {
    try {
      await end()
    } finally {
      await watch.leave()
      onStopped()
    }
  })
}
