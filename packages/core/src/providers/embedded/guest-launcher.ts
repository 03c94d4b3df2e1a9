import type { Socket } from 'node:net'
import { timeoutSignal } from '../../common/timeout-signal.ts'
import { type AgentSocket, connectSocket, type QemuProcess, type QmpClient } from '@see/qemu'
import type { Logger } from '../../common/logger.ts'
import { evidenceWarning } from '../../contract/evidence-warning.ts'
import type { GuestEnds } from '../../contract/guest-ends.ts'
import type { PacketCapture } from '../../contract/capture-ability.ts'
import type { TemplateMachine } from '../../templates/manifest.ts'
import type { TemplateClone } from '../../templates/template-clone.ts'
import type { Sinkhole } from '../sinkhole/sinkhole.ts'
import type { AllowedNetwork } from './network/allowed-network.ts'
import type { EmbeddedConfiguration } from './configuration/configuration.ts'
import { inControlGroup } from './limits/control-group.ts'
import { openIdentityPort } from './qemu/identity-port.ts'
import { EmbeddedCapture } from './network/packet-capture.ts'
import { DiskSlots } from './guest/plug-disk.ts'
import { VncRelay } from './guest/vnc-relay.ts'
import { type GuestHardware, qemuArguments, sockets } from './qemu/qemu-arguments.ts'
import { guestJail } from './qemu/guest-jail.ts'
import { startQemu } from './qemu/start-qemu.ts'
import { templateMachine } from './qemu/template-machine.ts'

const MIB = 1024 * 1024
const CONNECT_MS = 30_000

export interface LauncherParts {
  /** QEMU's path. */
  readonly program: string
  readonly hardware: Omit<GuestHardware, 'memory'>
  readonly limits: EmbeddedConfiguration['limits']
  readonly clone: TemplateClone | undefined
  /** The file that backs the memory, for a guest that will be frozen into a template. */
  readonly memoryFile: string | undefined
  /** What the guest's network ends in, in the mode of that name. */
  readonly sinkhole: Sinkhole | undefined
  /** What is allowed to the guest. */
  readonly allowed: AllowedNetwork | undefined
  readonly logger: Logger
  readonly ends: GuestEnds
}

/** Starts QEMU for one guest each time that it is powered on, with all that goes along with it. */
export class GuestLauncher {
  readonly slots: DiskSlots
  /** Where its screen can be seen, if it can. */
  readonly screen: VncRelay
  readonly #parts: LauncherParts
  readonly #captures = new Set<EmbeddedCapture>()
  #captureCount = 0
  #identityPort: Socket | undefined
  #grouped = Promise.resolve()
  #last: QemuProcess | undefined

  constructor(parts: LauncherParts) {
    this.#parts = parts
    this.slots = new DiskSlots(parts.hardware.folder)
    this.screen = new VncRelay(parts.hardware.folder.of(sockets.screen))
  }

  /** The end of what QEMU wrote on its standard error, in the present run or the last. */
  get hypervisorErrors(): string | undefined {
    return this.#last?.stderr
  }

  /** QEMU with a guest that does not run yet. Nothing is left when this throws. */
  async start(agent: AgentSocket, signal: AbortSignal): Promise<QemuProcess> {
    const { program, hardware, limits, clone, memoryFile, logger } = this.#parts
    const { identifier, folder, machine } = hardware
    const present = this.#present
    const qemu = await startQemu(
      {
        program,
        argv: qemuArguments(present),
        monitorPath: folder.of(sockets.monitor),
        user: folder.user,
        limits: {
          addressSpaceBytes: (machine.memory + limits.overhead_mib) * MIB,
          cpuSeconds: limits.cpu_seconds,
          fileBytes: limits.disk_mib * MIB,
        },
        signal,
      },
      guestJail(present),
      (why) => this.#parts.ends.warned(evidenceWarning('QEMU_NOT_JAILED', 'the jail of QEMU', why)),
    )
    this.#last = qemu
    // Beside the start: the kernel takes its time to move a process, and the group of a run before may still be there.
    this.#grouped = this.#grouped.then(() => inControlGroup(identifier, qemu, logger))
    try {
      if (machine.vnc) await this.screen.open()
      await this.#connectCard(signal)
      if (clone?.memory !== undefined || memoryFile !== undefined) await this.#connect(agent, qemu, signal)
      if (clone?.memory !== undefined) {
        // Safe only as long as the guest announces nothing, see networkArguments.
        await qemu.qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }, { signal })
        await clone.takeOver(qemu.qmp, await this.templateMachine(qemu.qmp), folder.of('state'))
      } else await clone?.assertBootable()
      this.slots.clear()
      for (const capture of this.#captures) await capture.attach(qemu)
      signal.throwIfAborted()
      return qemu
    } catch (error) {
      await qemu.kill()
      throw error
    }
  }

  /** Before a clone knows its card: without a peer at the other end it has no link. */
  async #connectCard(signal: AbortSignal): Promise<void> {
    const { hardware, sinkhole, allowed } = this.#parts
    if (sinkhole === undefined && allowed === undefined) return
    const connecting = AbortSignal.any([signal, timeoutSignal(CONNECT_MS)])
    const card = await connectSocket(hardware.folder.of(sockets.card), connecting)
    sinkhole?.connect(card)
    if (allowed === undefined) return
    allowed.connect(card, await connectSocket(hardware.folder.of(sockets.beyond), connecting))
  }

  /** Before a clone knows its devices: a guest notices, and pauses, when the other end is opened or closed. */
  async #connect(agent: AgentSocket, qemu: QemuProcess, signal: AbortSignal): Promise<void> {
    const ended = new AbortController()
    void qemu.ended.then(() => ended.abort(qemu.failure() ?? new Error('QEMU ended while it started')))
    const connecting = AbortSignal.any([signal, ended.signal, timeoutSignal(CONNECT_MS)])
    await agent.open(connecting)
    this.#identityPort = await openIdentityPort(this.#parts.hardware.folder, connecting)
  }

  /** @param qemu the guest's, when it is on */
  async capture(snapLength: number, qemu: QemuProcess | undefined): Promise<PacketCapture> {
    const capture = new EmbeddedCapture(
      this.#parts.hardware.folder,
      `capture-${++this.#captureCount}`,
      snapLength,
      qemu !== undefined,
    )
    if (qemu !== undefined) await capture.attach(qemu)
    this.#captures.add(capture)
    capture.packets.once('close', () => this.#captures.delete(capture))
    return capture
  }

  /** The parts of a running guest's machine that must be the same for its clones. */
  async templateMachine(qmp: QmpClient): Promise<TemplateMachine> {
    return await templateMachine(qmp, qemuArguments(this.#present), this.#parts.hardware.machine)
  }

  /** The port of a guest that will be frozen, or of a clone that has not been off since. */
  get identityPort(): Socket | undefined {
    return this.#identityPort
  }

  /** Ends what goes along with a QEMU, but for its captures. */
  close(): void {
    this.screen.close()
    this.#identityPort?.destroy()
    this.#parts.sinkhole?.disconnect()
    this.#parts.allowed?.disconnect()
  }

  /** Resolves when the control groups of all QEMUs are gone, which have to have ended. */
  leaveControlGroups(): Promise<void> {
    return this.#grouped
  }

  async stopCaptures(): Promise<void> {
    for (const capture of this.#captures) await capture.stop()
  }

  get #present(): GuestHardware {
    const { hardware, clone, memoryFile } = this.#parts
    const frozen = memoryFile === undefined ? undefined : { path: memoryFile, isClone: false }
    const hasLent = clone?.memory !== undefined && clone.isToldWhoItIs
    return { ...hardware, memory: clone?.memory ?? frozen, hasLent }
  }
}
