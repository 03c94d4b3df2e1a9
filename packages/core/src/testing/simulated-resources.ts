import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../context-factory.ts'
import type { GuestListener } from '../guest-end.ts'
import type { AgentChannel, AllocateOptions, Resources, ResourcesParameters } from '../resources.ts'
import type { SeeContext } from '../see-context.ts'
import { type Faults, SIMULATED_MAC, SimulatedDomain } from './simulated-domain.ts'

const schema = z.strictObject({
  state: z
    .enum(['nostate', 'running', 'blocked', 'paused', 'shutdown', 'shutoff', 'crashed', 'pmsuspended'])
    .default('shutoff'),
  faults: z.custom<Faults>().default({}),
  agentChannel: z.custom<AgentChannel>().optional(),
})

/** Resources without a provider, for tests of hooks and of what uses them. */
export class SimulatedResources implements Resources {
  static readonly schema = schema
  readonly hypervisor = 'simulated'
  readonly storagePool = undefined
  readonly network = undefined
  readonly macAddress = SIMULATED_MAC
  readonly addressSource = 'lease'
  readonly agentChannel: AgentChannel | undefined
  readonly domain: SimulatedDomain
  /** Call it to have the simulated guest end or reboot unasked. */
  guest: GuestListener | undefined
  allocated = false
  readonly #faults: Faults

  constructor({
    configuration: { state, faults, agentChannel },
  }: ResourcesParameters<z.output<typeof schema>>) {
    this.domain = new SimulatedDomain(state, faults)
    this.agentChannel = agentChannel
    this.#faults = faults
  }

  async allocate({ signal }: AllocateOptions): Promise<void> {
    signal.throwIfAborted()
    this.allocated = true
    this.#mayFail('allocate')
  }

  async deallocate(): Promise<void> {
    this.#mayFail('deallocate')
    this.allocated = false
  }

  watchGuest(listener: GuestListener): void {
    this.guest = listener
  }

  #mayFail(method: string): void {
    if (this.#faults.failing?.includes(method) === true) throw new Error(`simulated failure of ${method}`)
  }
}

/** A context factory for tests: no daemon, no guest, and the faults that you ask for. */
export function simulatedFactory(
  configuration: z.input<typeof schema> = {},
): ContextFactory<SeeContext<SimulatedResources>> {
  return contextFactory(SimulatedResources, configuration)
}
