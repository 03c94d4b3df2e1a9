import { setTimeout as sleep } from 'node:timers/promises'
import { timeoutSignal } from '../../../common/timeout-signal.ts'
import { AgentSocket, connectSocket, type QemuEnd, type QemuProcess, type QmpEvent } from '@see/qemu'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import type {
  AgentChannel,
  ConsoleStream,
  CoreDumpOptions,
  InterfaceAddresses,
  SandboxDomain,
  Screenshot,
} from '../../../contract/resources.ts'
import type { DomainState } from '../../../contract/transitions.ts'
import type { GuestEnds } from '../../../contract/guest-ends.ts'
import { embeddedAgentChannel } from './agent-channel.ts'
import { dumpMemory } from './dump-memory.ts'
import { guestAddresses } from './guest-addresses.ts'
import { guestState } from './guest-state.ts'
import { guestEndOf } from '../qemu/qemu-end.ts'
import { hasOpenPort } from '../qemu/open-port.ts'
import { orHypervisorFailed } from '../qemu/qemu-failure.ts'
import { sockets } from '../qemu/qemu-arguments.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { screenShot } from './screen-shot.ts'

const AGENT_MS = 1000
const ANSWER_MS = 500
const CONSOLE_MS = 5000
/** Between the end of QEMU's connections and its own. */
const END_MS = 1000
const TOO_LARGE = 'its disk exceeded limits.disk_mib'
const PANICKED = 'the kernel of the guest panicked'
const REBOOTED = 'the guest restarted its machine'

export interface DomainParts {
  readonly folder: RunFolder
  readonly logger: Logger
  readonly ends: GuestEnds
  /** Starts QEMU with a guest that does not run yet. Nothing is left when it throws. */
  readonly start: (agent: AgentSocket, signal: AbortSignal) => Promise<QemuProcess>
  /** What is to be done as soon as the guest runs. */
  readonly started: () => Promise<void>
}

/** A guest of QEMU as a child of ours, in the words of libvirt. */
export class EmbeddedDomain implements SandboxDomain {
  readonly agentChannel: AgentChannel
  readonly #parts: DomainParts
  readonly #agent: AgentSocket
  readonly #closing = new AbortController()
  #qemu: QemuProcess | undefined
  #starting: Promise<unknown> | undefined
  /** Whether the guest is to be started anew where it powers itself off. */
  #rebooting = false
  #exceeded = false
  #suspending = false
  /** Whether the guest stands still since this host has no room for what it writes. */
  #lacksRoom = false

  constructor(parts: DomainParts) {
    this.#parts = parts
    this.#agent = new AgentSocket(parts.folder.of(sockets.agent))
    this.agentChannel = embeddedAgentChannel(this.#agent, {
      assertRunning: async () => {
        const { state } = await this.getState()
        if (state === 'shutoff') throw new SeeError('GUEST_STOPPED', this.#whyOff())
        if (state === 'crashed') throw new SeeError('GUEST_STOPPED', 'the guest has crashed')
        if (this.#lacksRoom) throw new SeeError('GUEST_STOPPED', this.#whyStill())
        // What is sent to it now it would answer once it runs again, when nobody waits for it any more.
        if (state === 'paused' || this.#suspending) {
          throw new SeeError('AGENT_UNRESPONSIVE', 'the guest is paused: its agent will not answer')
        }
      },
      ended: async () => await Promise.race([this.#qemu?.ended, sleep(END_MS)]).then(() => undefined),
    })
  }

  /** Whether there is a QEMU; its guest may be paused. */
  get isRunning(): boolean {
    return this.#qemu?.isRunning === true
  }

  /** The running QEMU. @throws SeeError `GUEST_STOPPED` */
  get qemu(): QemuProcess {
    if (this.#qemu?.isRunning === true) return this.#qemu
    throw new SeeError('GUEST_STOPPED', this.#whyOff())
  }

  async getState(): Promise<{ readonly state: DomainState }> {
    return { state: await guestState(this.#qemu) }
  }

  async create(): Promise<void> {
    if (this.isRunning) throw new SeeError('HYPERVISOR_FAILED', 'the guest is on already')
    await this.#parts.ends.whileStarting(() => this.#powerOn())
  }

  async #powerOn(): Promise<void> {
    const starting = this.#start()
    this.#starting = starting.catch(() => undefined)
    const qemu = await starting
    try {
      await this.#execute('cont')
      await this.#parts.started()
    } catch (error) {
      await qemu.kill()
      throw error
    }
  }

  /** Cuts the power, of which there is none to cut when the guest has just powered itself off. */
  async destroy(): Promise<void> {
    this.#parts.ends.askOff()
    this.#agent.close()
    await this.#qemu?.stop()
  }

  /** Cuts the power for good, of a guest that is being started, too. */
  async close(): Promise<void> {
    this.#closing.abort(new SeeError('CONTEXT_CLOSED', 'the sandbox of the guest is being taken away'))
    await this.#starting
    await this.destroy()
  }

  /** An answer of the agent that is under way may come first: it might be the only one with an exit code. */
  async suspend(): Promise<void> {
    this.#suspending = true
    try {
      await Promise.race([this.#agent.idle(), sleep(ANSWER_MS, undefined, { ref: false })])
      await this.#execute('stop')
    } finally {
      this.#suspending = false
    }
  }

  async resume(): Promise<void> {
    await this.#execute('cont')
  }

  async reset(): Promise<void> {
    await this.#execute('system_reset')
    this.#parts.ends.runsAgain()
  }

  async pmWakeup(): Promise<void> {
    await this.#execute('system_wakeup')
  }

  async shutdown(): Promise<void> {
    this.#parts.ends.askShutdown()
    await this.#whenOff('poweroff')
    await this.#execute('system_powerdown')
  }

  /** Asks the guest's agent, or, where none answers, presses the power button and starts the guest anew once it is off. */
  async reboot(): Promise<void> {
    this.#parts.ends.askReboot()
    try {
      await this.agentChannel.agentCommand('{"execute":"guest-ping"}', { timeoutSeconds: AGENT_MS / 1000 })
      const parameters = JSON.stringify({ execute: 'guest-shutdown', arguments: { mode: 'reboot' } })
      await this.#agent.send(parameters, { timeoutMs: AGENT_MS })
    } catch {
      await this.#whenOff('pause')
      await this.#execute('system_powerdown')
    }
  }

  async interfaceAddresses(): Promise<readonly InterfaceAddresses[]> {
    // Where no agent has opened its port, in a guest that boots for example, none would answer.
    if (this.isRunning && !(await orHypervisorFailed(hasOpenPort(this.qemu.qmp, sockets.agent)))) return []
    return await guestAddresses(this.agentChannel)
  }

  async screenshot(): Promise<Screenshot> {
    return await orHypervisorFailed(screenShot(this.qemu.qmp, this.#parts.folder))
  }

  async openConsole({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ConsoleStream> {
    if (!this.isRunning) throw new SeeError('GUEST_STOPPED', this.#whyOff())
    const timeout = timeoutSignal(CONSOLE_MS)
    const path = this.#parts.folder.of(sockets.console)
    return await connectSocket(path, signal === undefined ? timeout : AbortSignal.any([signal, timeout]))
  }

  async coreDump(path: string, options: CoreDumpOptions): Promise<void> {
    await orHypervisorFailed(dumpMemory(this.qemu, this.#parts.folder, path, options))
  }

  async #start(): Promise<QemuProcess> {
    const { signal } = this.#closing
    signal.throwIfAborted()
    const qemu = await orHypervisorFailed(this.#parts.start(this.#agent, signal))
    this.#qemu = qemu
    this.#rebooting = false
    this.#exceeded = false
    this.#lacksRoom = false
    void qemu.ended.then((end) => this.#ended(qemu, end))
    qemu.qmp.onEvent((event) => void this.#handle(qemu, event))
    return qemu
  }

  async #execute(command: string, parameters?: Record<string, unknown>): Promise<void> {
    await orHypervisorFailed(this.qemu.qmp.execute(command, parameters))
  }

  /** QEMU stays, with a guest that has powered itself off, only where that guest is to be started anew. */
  async #whenOff(action: 'poweroff' | 'pause'): Promise<void> {
    this.#rebooting = action === 'pause'
    await this.#execute('set-action', { shutdown: action })
  }

  async #handle(qemu: QemuProcess, { event, data }: QmpEvent): Promise<void> {
    this.#parts.logger.debug({ event, data }, 'QEMU')
    try {
      if (event === 'BLOCK_IO_ERROR') await this.#diskFailed(qemu, data)
      if (event === 'RESUME') this.#lacksRoom = false
      if (event === 'GUEST_PANICKED') this.#panicked()
      if (event === 'RESET' && data.guest === true) this.#parts.ends.rebooted(REBOOTED)
      if (event === 'SHUTDOWN' && this.#rebooting) await this.#startAnew(qemu)
    } catch (error) {
      this.#parts.logger.error({ err: error }, `after QEMU’s event ${event}: ${messageOf(error)}`)
    }
  }

  async #startAnew({ qmp }: QemuProcess): Promise<void> {
    this.#rebooting = false
    this.#parts.ends.rebooted(REBOOTED)
    await qmp.execute('system_reset')
    await qmp.execute('set-action', { shutdown: 'poweroff' })
    await qmp.execute('cont')
  }

  async #diskFailed(qemu: QemuProcess, { reason, nospace }: QmpEvent['data']): Promise<void> {
    if (nospace === true && !this.#lacksRoom) {
      this.#lacksRoom = true
      this.#parts.logger.error(this.#whyStill())
    }
    // QEMU's threads do not take the signal of a file that is too large.
    if (reason !== 'File too large' || this.#exceeded) return
    this.#exceeded = true
    this.#parts.logger.error(`the guest was killed: ${TOO_LARGE}`)
    await qemu.kill()
  }

  #panicked(): void {
    this.#parts.ends.ended({ reason: 'crashed', detail: PANICKED, exitCode: null, signal: null })
  }

  #ended(qemu: QemuProcess, end: QemuEnd): void {
    this.#agent.close()
    const failure = qemu.failure()
    if (failure !== undefined) this.#parts.logger.error({ err: failure }, failure.message)
    const ended = guestEndOf(qemu, end)
    const { detail, reason } = this.#exceeded ? { detail: TOO_LARGE, reason: 'killed' as const } : ended
    this.#parts.ends.ended({ ...ended, detail, reason })
  }

  #whyStill(): string {
    return `the guest stands still: there is no room for its disk in ${this.#parts.folder.path}; make room, and resume it`
  }

  #whyOff(): string {
    if (this.#exceeded) return `the guest is off: it was killed, since ${TOO_LARGE}`
    const failure = this.#qemu?.failure()
    return failure === undefined ? 'the guest is off' : `the guest is off: ${failure.message}`
  }
}
