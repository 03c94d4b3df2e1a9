import { SeeError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import type { InterfaceAddresses, Resources } from '../contract/resources.ts'
import { SeeContext } from '../context/see-context.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/**
 * The context of a sandbox that was powered on ahead and is paused: to its user it is off, until `poweron` resumes
 * it. From then on it is like any other.
 */
export class WarmContext<R extends Resources> extends SeeContext<R> {
  readonly #warmed: SeeContext<R>
  #waits = true

  constructor(warmed: SeeContext<R>, logger: Logger) {
    super(warmed.identifier, warmed.resources, logger)
    this.#warmed = warmed
  }

  override async state(options?: WaitOptions): Promise<DomainState> {
    return this.#waits ? 'shutoff' : await super.state(options)
  }

  override cleanup(): Promise<void> {
    return this.#warmed.cleanup()
  }

  /** @throws SeeError `GUEST_STOPPED` when it died meanwhile; then it can be powered on again */
  protected override async start(state: DomainState | undefined, wait: WaitOptions): Promise<void> {
    if (!this.#waits) return await super.start(state, wait)
    this.#waits = false
    const found = await super.state(wait)
    if (found !== 'paused') {
      throw new SeeError('GUEST_STOPPED', `the guest that waited in the pool is ${found} by now`)
    }
    await this.domain.resume(wait)
  }

  override async interfaceAddresses(): Promise<readonly InterfaceAddresses[]> {
    return this.#waits ? [] : await super.interfaceAddresses()
  }
}
