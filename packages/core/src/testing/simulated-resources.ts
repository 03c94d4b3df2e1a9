import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../context/context-factory.ts'
import type { Abilities, Ability } from '../contract/abilities.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { defaultEvidenceBounds, type EvidenceBounds } from '../contract/evidence-bounds.ts'
import type { GuestListener } from '../contract/guest-end.ts'
import type { AllocateOptions, Resources, ResourcesParameters } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import { type Faults, mayFail } from './faults.ts'
import { simulatedAbilities } from './simulated-abilities.ts'
import { SimulatedAgent } from './simulated-agent.ts'
import { SIMULATED_MAC, SimulatedDomain } from './simulated-domain.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import { type SimulatedCapture, SimulatedSinkhole } from './simulated-network.ts'

const schema = z.strictObject({
  hypervisor: z.string().default('simulated:///'),
  state: z
    .enum(['nostate', 'running', 'blocked', 'paused', 'shutdown', 'shutoff', 'crashed', 'pmsuspended'])
    .default('shutoff'),
  faults: z.custom<Faults>().default({}),
  guest: z.custom<SimulatedGuest>().default({}),
  lacking: z.custom<readonly Ability[]>().default([]),
  agentChannel: z.custom<AgentChannel>().optional(),
  evidenceBounds: z.custom<EvidenceBounds>().default(defaultEvidenceBounds),
})

/** Resources without a provider that can do all that one may, for tests of hooks and of what uses them. */
export class SimulatedResources implements Resources {
  static readonly schema = schema
  readonly hypervisor = 'simulated'
  readonly storagePool = undefined
  readonly network = undefined
  readonly macAddress: string = SIMULATED_MAC
  readonly addressSource = 'lease'
  readonly abilities: Abilities
  readonly evidenceBounds: EvidenceBounds
  /** Undefined where the agent is one at a channel. */
  readonly agent: SimulatedAgent | undefined
  readonly domain: SimulatedDomain
  readonly sinkhole: SimulatedSinkhole | undefined
  /** Every capture that was begun: write to the last one's `packets` what the guest sends. */
  readonly captures: SimulatedCapture[] = []
  /** Call it to have the simulated guest end or reboot unasked. */
  guest: GuestListener | undefined
  allocated = false
  readonly #faults: Faults

  /** @param domain one with a guest of its own, in place of a simulated one */
  constructor({ configuration }: ResourcesParameters<z.output<typeof schema>>, domain?: SimulatedDomain) {
    const { state, faults, guest, lacking, agentChannel } = configuration
    this.evidenceBounds = configuration.evidenceBounds
    this.domain = domain ?? new SimulatedDomain(state, faults, guest)
    this.agent = agentChannel === undefined ? new SimulatedAgent(this.domain, guest, faults) : undefined
    this.sinkhole = guest.requests === undefined ? undefined : new SimulatedSinkhole(guest.requests)
    this.#faults = faults
    this.abilities = simulatedAbilities({
      domain: this.domain,
      guest,
      faults,
      lacking,
      agent: { own: this.agent, channel: agentChannel },
      sinkhole: this.sinkhole,
      captures: this.captures,
      ends: { watch: (listener) => void (this.guest = listener) },
    })
  }

  async allocate({ signal }: AllocateOptions): Promise<void> {
    signal.throwIfAborted()
    this.allocated = true
    mayFail(this.#faults, 'allocate')
  }

  async deallocate(): Promise<void> {
    mayFail(this.#faults, 'deallocate')
    this.allocated = false
  }
}

/** A context factory for tests: no daemon, no guest, and the faults that you ask for. */
export function simulatedFactory(
  configuration: z.input<typeof schema> = {},
): ContextFactory<SeeContext<SimulatedResources>> {
  return contextFactory(SimulatedResources, configuration)
}
