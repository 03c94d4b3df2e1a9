import { type Domain, DomainCreateFlags, type FlagOptions, type Hypervisor } from '@see/libvirt'
import type { GuestWatch } from '../../domain/guest-watch.ts'
import { TransientDomain } from '../../domain/transient-domain.ts'

/** How a guest is powered on for the first time; from then on it boots. */
export interface Starts {
  /** What it runs as then. */
  readonly xml: string
  /** Called when there is a QEMU, whose guest is paused. */
  readonly prepare: (domain: Domain) => Promise<void>
  /** The guest runs. */
  readonly started: (signal: AbortSignal | undefined) => Promise<void>
  /** Called when there is a new QEMU, whose guest will boot. */
  readonly assertBootable: () => Promise<void>
}

/** A domain that has its memory in a file as long as it runs for the first time. */
export class TemplateDomain extends TransientDomain {
  readonly #starts: Starts
  #isFirst = true

  constructor(hypervisor: Hypervisor, identifier: string, xml: string, watch: GuestWatch, starts: Starts) {
    super(hypervisor, identifier, xml, watch)
    this.#starts = starts
  }

  protected override async start(options: FlagOptions): Promise<void> {
    const { flags = 0 } = options
    const { paused } = DomainCreateFlags
    const still = { ...options, flags: flags | paused }
    const isToRun = (flags & paused) === 0
    if (this.#isFirst) await this.#createFirst(still, isToRun)
    else await this.#createAgain(still, isToRun)
  }

  async #createFirst(still: FlagOptions, isToRun: boolean): Promise<void> {
    const { xml, prepare, started } = this.#starts
    await this.createFrom(xml, still)
    await this.orDestroyed(still, async () => {
      await prepare(this)
      this.#isFirst = false
      await this.devicesExist()
      // Given up meanwhile, this must not meddle with the next run.
      await this.resume({ signal: still.signal })
      await started(still.signal)
      if (!isToRun) await this.suspend({ signal: still.signal })
    })
  }

  async #createAgain(still: FlagOptions, isToRun: boolean): Promise<void> {
    await super.start(still)
    await this.orDestroyed(still, async () => {
      await this.#starts.assertBootable()
      if (isToRun) await this.resume({ signal: still.signal })
    })
  }
}
