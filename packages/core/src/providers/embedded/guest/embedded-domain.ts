import { setTimeout as sleep } from 'node:timers/promises'
import { timeoutSignal } from '../../../common/timeout-signal.ts'
import { AgentSocket, connectSocket, type QemuEnd, type QemuProcess } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'
import type { ConsoleStream } from '../../../contract/console-ability.ts'
import type { CoreDumpOptions } from '../../../contract/memory-ability.ts'
import type { InterfaceAddresses, SandboxDomain } from '../../../contract/resources.ts'
import type { Screenshot } from '../../../contract/screen-ability.ts'
import type { DomainState } from '../../../contract/transitions.ts'
import type { GuestEnds } from '../../../contract/guest-ends.ts'
import { embeddedAgentChannel } from './agent-channel.ts'
import { dumpMemory } from './dump-memory.ts'
import { guestAddresses } from './guest-addresses.ts'
import { GuestRun } from './guest-run.ts'
import { guestState } from './guest-state.ts'
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

export interface DomainParts {
  readonly folder: RunFolder
  readonly logger: Logger
  readonly ends: GuestEnds
  /** Starts QEMU with a guest that does not run yet. Nothing is left when it throws. */
  readonly start: (agent: AgentSocket, signal: AbortSignal) => Promise<QemuProcess>
  /** Called as soon as the guest runs. */
  readonly started: () => Promise<void>
}

/** A guest of QEMU as a child of ours, in the words of libvirt. */
export class EmbeddedDomain implements SandboxDomain {
  readonly agentChannel: AgentChannel
  readonly #parts: DomainParts
  readonly #agent: AgentSocket
  readonly #closing = new AbortController()
  /** The present run of the guest, or its last one. */
  #run: GuestRun | undefined
  #starting: Promise<unknown> | undefined
  #suspending = false

  constructor(parts: DomainParts) {
    this.#parts = parts
    this.#agent = new AgentSocket(parts.folder.of(sockets.agent))
    this.agentChannel = embeddedAgentChannel(this.#agent, {
      assertRunning: async () => {
        const { state } = await this.getState()
        if (state === 'shutoff') throw new SeeError('GUEST_STOPPED', this.#whyOff())
        if (state === 'crashed') throw new SeeError('GUEST_STOPPED', 'the guest has crashed')
        if (this.#run?.lacksRoom === true) throw new SeeError('GUEST_STOPPED', this.#run.whyStill())
        // It would answer what is sent now once it runs again, when the answer is no longer awaited.
        if (state === 'paused' || this.#suspending) {
          throw new SeeError('AGENT_UNRESPONSIVE', 'the guest is paused: its agent will not answer')
        }
      },
      ended: async () => await Promise.race([this.#run?.qemu.ended, sleep(END_MS)]).then(() => undefined),
    })
  }

  /** Whether there is a QEMU; its guest may be paused. */
  get isRunning(): boolean {
    return this.#run?.qemu.isRunning === true
  }

  /** The running QEMU. @throws SeeError `GUEST_STOPPED` */
  get qemu(): QemuProcess {
    if (this.#run?.qemu.isRunning === true) return this.#run.qemu
    throw new SeeError('GUEST_STOPPED', this.#whyOff())
  }

  async getState(): Promise<{ readonly state: DomainState }> {
    return { state: await guestState(this.#run?.qemu) }
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
    await this.#run?.qemu.stop()
  }

  /** Cuts the power for good, also of a guest that is being started. */
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
    await this.#setRebooting(false)
    await this.#execute('system_powerdown')
  }

  /**
   * Asks the guest's agent, or, where none answers, presses the power button and restarts the guest after it powers
   * off.
   */
  async reboot(): Promise<void> {
    this.#parts.ends.askReboot()
    try {
      await this.agentChannel.agentCommand('{"execute":"guest-ping"}', { timeoutSeconds: AGENT_MS / 1000 })
      const parameters = JSON.stringify({ execute: 'guest-shutdown', arguments: { mode: 'reboot' } })
      await this.#agent.send(parameters, { timeoutMs: AGENT_MS })
    } catch {
      await this.#setRebooting(true)
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
    const run = new GuestRun(qemu, this.#parts)
    this.#run = run
    void qemu.ended.then((end) => this.#ended(run, end))
    qemu.qmp.onEvent((event) => void run.handle(event))
    return qemu
  }

  #ended(run: GuestRun, end: QemuEnd): void {
    this.#agent.close()
    run.end(end)
  }

  async #execute(command: string, parameters?: Record<string, unknown>): Promise<void> {
    await orHypervisorFailed(this.qemu.qmp.execute(command, parameters))
  }

  /** QEMU stays, with a guest that has powered itself off, only where that guest is restarted. */
  async #setRebooting(isRebooting: boolean): Promise<void> {
    if (this.#run !== undefined) this.#run.isRebooting = isRebooting
    await this.#execute('set-action', { shutdown: isRebooting ? 'pause' : 'poweroff' })
  }

  #whyOff(): string {
    return this.#run?.whyOff() ?? 'the guest is off'
  }
}
