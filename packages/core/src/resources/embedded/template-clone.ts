import type { Socket } from 'node:net'
import type { QemuProcess } from '@see/qemu'
import { messageOf, SeeError } from '../../errors.ts'
import type { AgentChannel } from '../../resources.ts'
import { giveIdentity, giveIdentityAtPort, type Identity } from '../../templates/identity.ts'
import type { TemplateMachine } from '../../templates/manifest.ts'
import type { Template } from '../../templates/template.ts'
import { templateError } from '../../templates/template-error.ts'
import { TemplateStore } from '../../templates/template-store.ts'
import { thaw } from '../../templates/thaw.ts'
import { timeoutSignal } from '@see/libvirt'
import { type BaseImage, copyOverlay } from './overlay.ts'
import type { GuestHardware } from './qemu-arguments.ts'
import type { RunFolder } from './run-folder.ts'

const TIMEOUT_MS = 30_000

/**
 * What a guest takes over from a template when it is powered on for the first time. From then on its disk is no longer what
 * the memory knows: powered on again, it boots.
 */
export class TemplateClone {
  readonly #template: Template
  #taken = false

  constructor(template: Template) {
    this.#template = template
  }

  /**
   * @param inputs what the guest is made from without the template
   * @throws SeeError `TEMPLATE_MISSING`, or `TEMPLATE_INVALID` when it was changed, or was made from something else
   */
  static async open(
    name: string,
    inputs: readonly string[],
    { memory, machine, cpu, accelerator }: GuestHardware['machine'],
  ): Promise<TemplateClone> {
    const template = await new TemplateStore().open(name)
    template.assertFits({ memory_mib: memory, machine, cpu, accelerator })
    await template.assertUnchanged()
    const built = template.manifest.inputs.map(({ path }) => path)
    if (built.join('\n') === inputs.join('\n')) return new TemplateClone(template)
    const why = `it was built from ${built.join(', ')}, and the resources file has ${inputs.join(', ')}`
    throw templateError('TEMPLATE_INVALID', name, why)
  }

  /** What the disk is an overlay of. */
  get disk(): BaseImage {
    return { path: this.#template.path('disk'), format: 'qcow2' }
  }

  /** Makes the disk; false when that is to be done in the ordinary way. */
  async makeDisk(folder: RunFolder): Promise<boolean> {
    const overlay = await this.#template.readOverlay()
    if (overlay !== undefined) await copyOverlay(folder, overlay)
    return overlay !== undefined
  }

  /** Undefined when the guest was on already. */
  get memory(): GuestHardware['memory'] {
    return this.#taken ? undefined : { path: this.#template.path('memory'), isClone: true }
  }

  /**
   * Gives a QEMU that waits for it what was frozen; nothing when the guest was on already.
   * @throws SeeError `TEMPLATE_INVALID` when it is another than that of the template, or cannot take it over
   */
  async takeOver({ qmp }: QemuProcess, machine: TemplateMachine, socketPath: string): Promise<void> {
    this.#template.assertFits(machine)
    const signal = timeoutSignal(TIMEOUT_MS)
    const state = await this.#template.readState(signal)
    try {
      // Safe only as long as the guest announces nothing, see networkArguments.
      await qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }, { signal })
      await thaw(qmp, { socketPath, state, signal })
    } catch (error) {
      const why = `QEMU could not take it over: ${messageOf(error)}`
      throw templateError('TEMPLATE_INVALID', this.#template.name, why, error)
    }
  }

  /**
   * Makes a clone that has just begun to run a machine of its own, where its template has it that way.
   * @param port QEMU's end of the port at which guests wait for it
   * @throws SeeError `TEMPLATE_IDENTITY`
   */
  async becomeOwn(channel: AgentChannel, port: Socket | undefined, identity: Identity): Promise<void> {
    if (this.#taken) return
    this.#taken = true
    const way = this.#template.manifest.identity
    if (way === null) return
    const signal = timeoutSignal(TIMEOUT_MS)
    try {
      if (way === 'port' && port !== undefined) await giveIdentityAtPort(port, identity, signal)
      else await giveIdentity(channel, identity, signal)
    } catch (error) {
      if (error instanceof SeeError && error.code === 'TEMPLATE_IDENTITY') throw error
      const why = `its clone could not be told who it is: ${messageOf(error)}`
      throw templateError('TEMPLATE_IDENTITY', this.#template.name, why, error)
    }
  }
}
