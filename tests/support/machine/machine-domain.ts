import type { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AgentChannel, GuestEnds, type InterfaceAddresses, SeeError, type WaitOptions } from '@see/core'
import { SimulatedDomain } from '@see/core/testing'
import { initEnds } from './init.ts'
import { type MachineCard, MachineRun, type RunEnd } from './machine-run.ts'

/** How long a machine takes at least to power on, in milliseconds, so that one can be given up. */
const BOOT_MS = 20

/** A simulated domain whose guest is a machine: processes of this host. Only what hooks capture of it is simulated. */
export class MachineDomain extends SimulatedDomain {
  readonly ends = new GuestEnds()
  readonly agentChannel: AgentChannel = {
    agentCommand: async (command, options) => {
      if (this.#run === undefined) throw new SeeError('GUEST_STOPPED', 'the machine is off')
      return await this.#run.agent.agentCommand(command, options)
    },
  }
  readonly #identifier: string
  readonly #card: MachineCard
  #run: MachineRun | undefined
  #starting: Promise<unknown> | undefined
  #rebooting: Promise<void> | undefined

  constructor(identifier: string, card: MachineCard) {
    super()
    this.#identifier = identifier
    this.#card = card
  }

  override async create(options?: WaitOptions): Promise<void> {
    await this.ends.whileStarting(() => this.#start(options))
    this.powerOns++
  }

  override async destroy(): Promise<void> {
    this.ends.askOff()
    await this.#stop()
    this.ends.isOff()
    this.state = 'shutoff'
  }

  override async suspend(): Promise<void> {
    await this.#run?.stop()
    this.state = 'paused'
  }

  override async resume(): Promise<void> {
    this.#run?.goOn()
    this.state = 'running'
  }

  override async reboot(): Promise<void> {
    this.ends.askReboot()
    this.#run?.signal('SIGHUP')
  }

  override async reset(options?: WaitOptions): Promise<void> {
    await this.#stop()
    await this.#start(options)
    this.ends.runsAgain()
  }

  override async shutdown(): Promise<void> {
    this.ends.askShutdown()
    this.#run?.signal('SIGTERM')
  }

  override async interfaceAddresses(): Promise<InterfaceAddresses[]> {
    if (this.state !== 'running') return []
    const { address: addr, macAddress: hwaddr } = this.#card
    return [{ name: 'eth0', hwaddr, addrs: [{ type: 'ipv4', addr, prefix: 24 }] }]
  }

  override async openConsole(): Promise<PassThrough> {
    if (this.#run === undefined) throw new SeeError('GUEST_STOPPED', 'the machine is off')
    return this.#run.console
  }

  async #start({ signal }: WaitOptions = {}): Promise<void> {
    const starting = sleep(BOOT_MS).then(() => MachineRun.start(this.#identifier, this.#card, signal))
    this.#starting = starting.catch(() => undefined)
    const run = await starting
    this.#run = run
    this.state = 'running'
    void run.ended.then((end) => this.#ended(run, end))
  }

  /** Without a report. */
  async #stop(): Promise<void> {
    // A start that was given up undoes itself meanwhile.
    await this.#starting
    await this.#rebooting
    const run = this.#run
    this.#run = undefined
    await run?.kill()
  }

  #ended(run: MachineRun, { exitCode, signal }: RunEnd): void {
    if (run !== this.#run) return
    if (exitCode === initEnds.reboot) {
      this.#rebooting = this.#startAgain(run)
      return
    }
    const reason =
      exitCode === initEnds.powerOff
        ? 'powered_off'
        : exitCode === initEnds.crash
          ? 'crashed'
          : exitCode === null
            ? 'killed'
            : 'failed'
    this.state = reason === 'crashed' ? 'crashed' : 'shutoff'
    const detail = `the init of the machine ended: ${signal ?? `exit code ${exitCode}`}`
    this.ends.ended({ reason, detail, exitCode, signal })
  }

  async #startAgain(run: MachineRun): Promise<void> {
    await run.gone
    await this.#start()
    this.ends.rebooted('the init of the machine ended to begin again')
  }
}
