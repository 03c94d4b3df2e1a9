import { setTimeout as sleep } from 'node:timers/promises'
import { bounded } from '../../../common/bounded.ts'
import { AgentSocket, connectSocket, type QemuEnd, type QemuProcess } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'
import { hypervisorTimeout } from '../../../contract/hypervisor-timeout.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'
import type { ConsoleStream } from '../../../contract/console-ability.ts'
import type { CoreDumpOptions } from '../../../contract/memory-ability.ts'
import type { InterfaceAddresses, SandboxDomain } from '../../../contract/resources.ts'
import type { Screenshot } from '../../../contract/screen-ability.ts'
import type { DomainState } from '../../../contract/transitions.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'
import { unlessAborted } from '../../../common/with-timeout.ts'
import { embeddedAgentChannel } from './agent-channel.ts'
import { dumpMemory } from './dump-memory.ts'
import { guestAddresses } from './guest-addresses.ts'
import { GuestRun, type RunParts } from './guest-run.ts'
import { guestState } from './guest-state.ts'
import { hasOpenPort } from '../qemu/open-port.ts'
import { orHypervisorFailed } from '../qemu/qemu-failure.ts'
import { sockets } from '../qemu/qemu-arguments.ts'
import { screenShot } from './screen-shot.ts'

const AGENT_MS = 1000
const ANSWER_MS = 500
const CONSOLE_MS = 5000
/** Between the end of QEMU's connections and its own. */
const END_MS = 1000

export interface DomainParts extends RunParts {
  /** Starts QEMU with a guest that does not run yet. Nothing is left when it throws. */
  readonly start: (agent: AgentSocket, signal: AbortSignal) => Promise<QemuProcess>
  /** Called just before the guest runs. */
  readonly starting: () => void
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

  async getState(options?: WaitOptions): Promise<{ readonly state: DomainState }> {
    return { state: await guestState(this.#run?.qemu, options) }
  }

  /** One that is given up kills its QEMU. */
  async create(options: WaitOptions = {}): Promise<void> {
    await bounded(options, hypervisorTimeout('the power-on'), async (signal) => {
      // One that was given up may be about to end.
      await this.#starting
      signal.throwIfAborted()
      if (this.isRunning) throw new SeeError('HYPERVISOR_FAILED', 'the guest is on already')
      await this.#parts.ends.whileStarting(() => {
        const powering = this.#powerOn(signal)
        this.#starting = powering.catch(() => undefined)
        return powering
      })
    })
  }

  async #powerOn(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([this.#closing.signal, signal])
    const qemu = await this.#start(ending)
    try {
      await unlessAborted(ending, this.#begin())
    } catch (error) {
      await qemu.kill()
      throw error
    }
  }

  async #begin(): Promise<void> {
    this.#parts.starting()
    await this.#execute('cont')
    await this.#parts.started()
  }

  /** Cuts the power, of which there is none to cut when the guest has just powered itself off. */
  async destroy(options: WaitOptions = {}): Promise<void> {
    this.#parts.ends.askOff()
    this.#agent.close()
    const ended = async (): Promise<void> => await this.#run?.qemu.stop()
    await bounded(options, hypervisorTimeout('cutting the power'), ended)
  }

  /** Cuts the power for good, also of a guest that is being started. */
  async close(): Promise<void> {
    this.#closing.abort(new SeeError('CONTEXT_CLOSED', 'the sandbox of the guest is being taken away'))
    await this.#starting
    await this.destroy()
  }

  /** An answer of the agent that is under way may come first: it might be the only one with an exit code. */
  async suspend(options: WaitOptions = {}): Promise<void> {
    this.#suspending = true
    try {
      await Promise.race([this.#agent.idle(), sleep(ANSWER_MS, undefined, { ref: false })])
      await this.#execute('stop', {}, options)
    } finally {
      this.#suspending = false
    }
  }

  async resume(options: WaitOptions = {}): Promise<void> {
    await this.#execute('cont', {}, options)
  }

  async reset(options: WaitOptions = {}): Promise<void> {
    await this.#execute('system_reset', {}, options)
    this.#parts.ends.runsAgain()
  }

  async pmWakeup(options: WaitOptions = {}): Promise<void> {
    await this.#execute('system_wakeup', {}, options)
  }

  async shutdown(options: WaitOptions = {}): Promise<void> {
    this.#parts.ends.askShutdown()
    await bounded(options, hypervisorTimeout('asking the guest to shut down'), async (signal) => {
      await this.#setRebooting(false, signal)
      await this.#execute('system_powerdown', {}, { signal })
    })
  }

  /**
   * Asks the guest's agent, or, where none answers, presses the power button and restarts the guest after it powers
   * off.
   */
  async reboot(options: WaitOptions = {}): Promise<void> {
    this.#parts.ends.askReboot()
    await bounded(options, hypervisorTimeout('asking the guest to restart'), async (signal) => {
      try {
        await this.agentChannel.agentCommand('{"execute":"guest-ping"}', { timeoutSeconds: AGENT_MS / 1000 })
        signal.throwIfAborted()
        const parameters = JSON.stringify({ execute: 'guest-shutdown', arguments: { mode: 'reboot' } })
        await this.#agent.send(parameters, { timeoutMs: AGENT_MS })
      } catch {
        await this.#setRebooting(true, signal)
        await this.#execute('system_powerdown', {}, { signal })
      }
    })
  }

  async interfaceAddresses(
    _source?: 'lease' | 'agent',
    options: WaitOptions = {},
  ): Promise<readonly InterfaceAddresses[]> {
    return await bounded(options, hypervisorTimeout('asking for addresses'), async (signal) => {
      const isOpen = () => hasOpenPort(this.qemu.qmp, sockets.agent, { signal })
      // Where no agent has opened its port, in a guest that boots for example, none would answer.
      if (this.isRunning && !(await orHypervisorFailed(isOpen()))) return []
      return await guestAddresses(this.agentChannel)
    })
  }

  async screenshot(options: WaitOptions = {}): Promise<Screenshot> {
    return await orHypervisorFailed(screenShot(this.qemu.qmp, this.#parts.folder, options))
  }

  async openConsole({ signal, timeoutMs = CONSOLE_MS }: WaitOptions = {}): Promise<ConsoleStream> {
    if (!this.isRunning) throw new SeeError('GUEST_STOPPED', this.#whyOff())
    const path = this.#parts.folder.of(sockets.console)
    return await bounded({ signal, timeoutMs }, hypervisorTimeout('opening the console'), (opening) =>
      connectSocket(path, opening),
    )
  }

  async coreDump(path: string, { signal, timeoutMs, ...options }: CoreDumpOptions): Promise<void> {
    const { qemu } = this
    await bounded({ signal, timeoutMs }, hypervisorTimeout('writing the memory'), (over) =>
      orHypervisorFailed(dumpMemory(qemu, this.#parts.folder, path, { ...options, signal: over })),
    )
  }

  async #start(signal: AbortSignal): Promise<QemuProcess> {
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

  async #execute(
    command: string,
    parameters: Record<string, unknown> = {},
    options: WaitOptions = {},
  ): Promise<void> {
    await orHypervisorFailed(this.qemu.qmp.execute(command, parameters, options))
  }

  /** QEMU stays, with a guest that has powered itself off, only where that guest is restarted. */
  async #setRebooting(isRebooting: boolean, signal: AbortSignal): Promise<void> {
    if (this.#run !== undefined) this.#run.isRebooting = isRebooting
    await this.#execute('set-action', { shutdown: isRebooting ? 'pause' : 'poweroff' }, { signal })
  }

  #whyOff(): string {
    return this.#run?.whyOff() ?? 'the guest is off'
  }
}
