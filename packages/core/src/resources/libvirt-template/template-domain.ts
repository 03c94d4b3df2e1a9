import { Domain, DomainCreateFlags, type FlagOptions } from '@see/libvirt'

/** How a guest is powered on for the first time; from then on it boots as its definition says. */
export interface FirstStart {
  /** What it runs as until it is powered off. */
  readonly xml: string
  /** There is a QEMU, whose guest stands still. */
  readonly prepare: (domain: Domain) => Promise<void>
  /** The guest runs. */
  readonly started: () => Promise<void>
}

/** A domain that has its memory in a file as long as it runs for the first time. */
export class TemplateDomain extends Domain {
  #first: FirstStart | undefined

  constructor({ hypervisor, handle }: Domain, first: FirstStart) {
    super(hypervisor, handle)
    this.#first = first
  }

  override async create(options: FlagOptions = {}): Promise<void> {
    const first = this.#first
    if (first === undefined) return await super.create(options)
    const { flags = 0 } = options
    const { paused } = DomainCreateFlags
    // Beside a definition of the same name and UUID, which libvirt keeps and goes back to when the guest is off.
    const { handle } = await this.hypervisor.domainCreateXML(first.xml, { ...options, flags: flags | paused })
    this.handle = handle
    try {
      await first.prepare(this)
      this.#first = undefined
      await this.resume()
      await first.started()
      if ((flags & paused) !== 0) await this.suspend()
    } catch (error) {
      // It may have ended of that already; what is still there goes with the environment.
      await this.destroy().catch(() => undefined)
      throw error
    }
  }
}
