import type { Socket } from 'node:net'
import { timeoutSignal } from '../common/timeout-signal.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { DiskImage } from '../disks/disk-image.ts'
import { readImageChain } from '../disks/image-chain.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { allOrCollect } from '../common/all-or-collect.ts'
import { thawFileSystems } from './file-systems.ts'
import { giveIdentity, giveIdentityAtPort, type Identity } from './identity.ts'
import type { TemplateMachine, TemplateManifest } from './manifest.ts'
import { assertMemoryStays } from './memory-devices.ts'
import type { Monitor } from './monitor.ts'
import type { Template } from './template.ts'
import { templateError } from './template-error.ts'
import { TemplateStore } from './template-store.ts'
import { thaw } from './thaw.ts'

/** The file that a guest's memory is in: what it writes goes to the file, or, for a clone, to a copy of each page. */
export interface GuestMemory {
  readonly path: string
  readonly isClone: boolean
}

/**
 * What a guest takes over from a template when it is powered on for the first time. From then on its disk is no longer what
 * the memory knows: powered on again, it boots.
 */
export class TemplateClone {
  /** What the disk is an overlay of. */
  readonly disk: DiskImage
  readonly #template: Template
  #taken = false
  #begun = false
  /** Whether the guest's disk is an overlay of the template's, and not a copy. */
  #isOverlay = false

  private constructor(template: Template, disk: DiskImage) {
    this.#template = template
    this.disk = disk
  }

  /**
   * @param inputs what the guest is made from without the template
   * @param machine what is known already of what it is to run on
   * @throws SeeError `TEMPLATE_MISSING`, or `TEMPLATE_INVALID` when it was changed, or was made from something else
   */
  static async open(
    name: string,
    inputs: readonly string[],
    machine: Partial<TemplateMachine>,
  ): Promise<TemplateClone> {
    const template = await new TemplateStore().open(name)
    template.assertFits(machine)
    await template.assertUnchanged()
    const built = template.manifest.inputs.map(({ path }) => path)
    if (built.join('\n') === inputs.join('\n')) {
      const isAtRest = template.manifest.at_rest
      return new TemplateClone(template, { ...(await diskOf(template)), isAtRest })
    }
    const why = `it was built from ${built.join(', ')}, and the resources file has ${inputs.join(', ')}`
    throw templateError('TEMPLATE_INVALID', name, why)
  }

  /** Whether a clone gets its own identity, and so has another network card than the template. */
  get isToldWhoItIs(): boolean {
    return this.#template.manifest.identity !== null
  }

  /** Bound of each wait for something that a clone does: where booting takes long, so does everything. */
  get timeoutMs(): number {
    return this.#template.timeoutMs
  }

  /** The template's network card, which a clone without an identity of its own keeps; undefined for others. */
  get keptCard(): NonNullable<TemplateManifest['card']> | undefined {
    const { identity, card } = this.#template.manifest
    return identity === null && card !== null ? card : undefined
  }

  /** Whether a clone becomes a machine of its own by way of the guest's agent. */
  get needsAgent(): boolean {
    const { identity, at_rest: isAtRest } = this.#template.manifest
    return identity === 'agent' || isAtRest
  }

  /**
   * An empty overlay of the template's disk, to be copied for a clone; undefined where the template was moved.
   */
  async readOverlay(): Promise<Buffer | undefined> {
    this.#isOverlay = true
    return await this.#template.readOverlay()
  }

  /**
   * The guest is about to run. One whose power-on is given up from now on may have written to its disk, which the memory then
   * no longer fits; it boots the next time.
   */
  begins(): void {
    if (this.#begun) this.#taken = true
    this.#begun = true
  }

  /** The file of its memory; undefined when the guest was on already. */
  get memory(): GuestMemory | undefined {
    return this.#begun ? undefined : { path: this.#template.path('memory'), isClone: true }
  }

  /**
   * For a guest that boots once it was off: meanwhile one of the same name may have taken the template's place, and an
   * overlay of another disk would be garbage.
   * @throws SeeError `TEMPLATE_INVALID`
   */
  async assertBootable(): Promise<void> {
    if (this.#isOverlay) await this.#template.assertDiskUnchanged()
  }

  /** @throws SeeError `TEMPLATE_INVALID` when it is another than that of the template */
  assertFits(machine: Partial<TemplateMachine>): void {
    this.#template.assertFits(machine)
  }

  /**
   * Gives a QEMU that waits for it what was frozen; nothing when the guest was on already.
   * @throws SeeError `TEMPLATE_INVALID` when it is another than that of the template, or cannot take it over
   */
  async takeOver(monitor: Monitor, machine: TemplateMachine, socketPath: string): Promise<void> {
    this.assertFits(machine)
    const { timeoutMs } = this
    const signal = timeoutSignal(timeoutMs)
    const state = await this.#template.readState(signal)
    try {
      await assertMemoryStays(monitor, signal)
      await thaw(monitor, { socketPath, state, timeoutMs, signal })
      // One of the same name may have taken its place while QEMU opened its files.
      await this.#template.assertUnchanged()
    } catch (error) {
      if (error instanceof SeeError && error.code === 'TEMPLATE_INVALID') throw error
      const why = `QEMU could not take it over: ${messageOf(error)}`
      throw templateError('TEMPLATE_INVALID', this.#template.name, why, error)
    }
  }

  /**
   * Makes a clone that has just begun to run a machine of its own, where its template has it that way, and lets it write to
   * its disk.
   * @param port QEMU's end of the port at which guests wait for it
   * @throws SeeError `TEMPLATE_IDENTITY`, or `TEMPLATE_INVALID` when its file systems stay frozen
   */
  async becomeOwn(
    channel: AgentChannel | undefined,
    port: Socket | undefined,
    identity: Identity,
  ): Promise<void> {
    if (this.#taken) return
    this.#taken = true
    const { identity: way, at_rest: isAtRest } = this.#template.manifest
    const thawed = isAtRest ? this.#thaw(channel) : undefined
    // At the port it can get its identity while its disk is frozen, and so before it sends from the template's address.
    if (way === 'port' && port !== undefined) await allOrCollect(thawed, this.#tell(channel, port, identity))
    else {
      await thawed
      if (way !== null) await this.#tell(channel, undefined, identity)
    }
  }

  async #tell(
    channel: AgentChannel | undefined,
    port: Socket | undefined,
    identity: Identity,
  ): Promise<void> {
    const { timeoutMs } = this
    const own = { ...identity, card: this.#template.manifest.card?.mac_address }
    try {
      if (port === undefined) await giveIdentity(channel, own, timeoutMs)
      else await giveIdentityAtPort(port, own, timeoutMs)
    } catch (error) {
      if (error instanceof SeeError && error.code === 'TEMPLATE_IDENTITY') throw error
      const why = `its clone could not get its identity: ${messageOf(error)}`
      throw templateError('TEMPLATE_IDENTITY', this.#template.name, why, error)
    }
  }

  async #thaw(channel: AgentChannel | undefined): Promise<void> {
    try {
      await thawFileSystems(channel, this.timeoutMs)
    } catch (error) {
      const why = `the file systems of its clone could not be thawed: ${messageOf(error)}`
      throw templateError('TEMPLATE_INVALID', this.#template.name, why, error)
    }
  }
}

/**
 * Its disk, which has no backing file; its header is read all the same. @throws SeeError `TEMPLATE_INVALID` when it
 * leads to another file
 */
async function diskOf(template: Template): Promise<DiskImage> {
  const path = template.path('disk')
  try {
    const rules = { isLocal: false, backingFolders: [], format: 'qcow2' } as const
    // By the name that its empty overlay has for it.
    return { ...(await readImageChain(path, rules)), path }
  } catch (error) {
    throw templateError('TEMPLATE_INVALID', template.name, messageOf(error), error)
  }
}
