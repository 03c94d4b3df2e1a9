import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../context/context-factory.ts'
import type { Ability } from '../contract/abilities.ts'
import type { GuestListener } from '../contract/guest-end.ts'
import type {
  AgentChannel,
  AllocateOptions,
  GuestDisk,
  InterfacesListener,
  OtherGuestDisk,
  PacketCapture,
  Resources,
  ResourcesParameters,
  VncServer,
} from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import { type Faults, mayFail } from './faults.ts'
import { SimulatedAgent } from './simulated-agent.ts'
import { emptyDisk } from './simulated-disk.ts'
import { SIMULATED_MAC, SimulatedDomain } from './simulated-domain.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import { SimulatedCapture, SimulatedSinkhole } from './simulated-network.ts'

/** The members by which a provider can do what it is able to. */
const membersOf = {
  agent: ['agent', 'agentChannel'],
  capture: ['capture', 'watchInterfaces'],
  console: ['openConsole', 'hasConsole'],
  disk: ['guestDisk', 'otherGuestDisks'],
  memory: ['coreDump'],
  screen: ['screenshot', 'hasScreen'],
  vnc: ['vncServer'],
} as const satisfies Record<Ability, readonly string[]>

const schema = z.strictObject({
  hypervisor: z.string().default('simulated:///'),
  state: z
    .enum(['nostate', 'running', 'blocked', 'paused', 'shutdown', 'shutoff', 'crashed', 'pmsuspended'])
    .default('shutoff'),
  faults: z.custom<Faults>().default({}),
  guest: z.custom<SimulatedGuest>().default({}),
  lacking: z.custom<readonly Ability[]>().default([]),
  agentChannel: z.custom<AgentChannel>().optional(),
})

/** Resources without a provider that can do all that one may, for tests of hooks and of what uses them. */
export class SimulatedResources implements Resources {
  static readonly schema = schema
  readonly hypervisor = 'simulated'
  readonly storagePool = undefined
  readonly network = undefined
  readonly macAddress = SIMULATED_MAC
  readonly addressSource = 'lease'
  readonly agent: SimulatedAgent | undefined
  readonly agentChannel: AgentChannel | undefined
  readonly domain: SimulatedDomain
  readonly sinkhole: SimulatedSinkhole | undefined
  /** Every capture that was begun: write to the last one's `packets` what the guest sends. */
  readonly captures: SimulatedCapture[] = []
  /** Call it to have the simulated guest end or reboot unasked. */
  guest: GuestListener | undefined
  allocated = false
  readonly #guest: SimulatedGuest
  readonly #faults: Faults

  constructor({
    configuration: { state, faults, guest, lacking, agentChannel },
  }: ResourcesParameters<z.output<typeof schema>>) {
    this.domain = new SimulatedDomain(state, faults, guest)
    this.agent = agentChannel === undefined ? new SimulatedAgent(this.domain, guest, faults) : undefined
    this.agentChannel = agentChannel
    this.sinkhole = guest.requests === undefined ? undefined : new SimulatedSinkhole(guest.requests)
    this.#guest = guest
    this.#faults = faults
    // Either the provider captures, or others do on devices of this host.
    const others = guest.interfaces === undefined ? 'watchInterfaces' : 'capture'
    for (const member of [...lacking.flatMap((ability) => membersOf[ability]), others]) {
      Object.defineProperty(member in this.domain ? this.domain : this, member, { value: undefined })
    }
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

  watchGuest(listener: GuestListener): void {
    this.guest = listener
  }

  async hasScreen(): Promise<boolean> {
    return this.#has('screen')
  }

  async hasConsole(): Promise<boolean> {
    return this.#has('console')
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    mayFail(this.#faults, 'guestDisk')
    if (!this.#has('disk')) return undefined
    const disk = this.#guest.disk ?? emptyDisk
    return {
      image: disk.image,
      read: async (options) => {
        mayFail(this.#faults, 'read')
        return await disk.read(options)
      },
    }
  }

  async otherGuestDisks(): Promise<readonly OtherGuestDisk[]> {
    return this.#guest.otherDisks ?? []
  }

  async capture(): Promise<PacketCapture | undefined> {
    mayFail(this.#faults, 'capture')
    if (!this.#has('network')) return undefined
    const capture = new SimulatedCapture(this.#guest.packets, this.#faults)
    this.captures.push(capture)
    return capture
  }

  async watchInterfaces(listener: InterfacesListener): Promise<(() => void) | undefined> {
    mayFail(this.#faults, 'watchInterfaces')
    const { interfaces } = this.#guest
    if (interfaces === undefined || !this.#has('network')) return undefined
    await listener(interfaces)
    return () => undefined
  }

  async vncServer(): Promise<VncServer | undefined> {
    mayFail(this.#faults, 'vncServer')
    if (!this.#has('vnc')) return undefined
    const { vncPort = 5900 } = this.#guest
    return { host: '127.0.0.1', port: this.domain.state === 'shutoff' ? undefined : vncPort }
  }

  #has(part: NonNullable<Faults['without']>[number]): boolean {
    return this.#faults.without?.includes(part) !== true
  }
}

/** A context factory for tests: no daemon, no guest, and the faults that you ask for. */
export function simulatedFactory(
  configuration: z.input<typeof schema> = {},
): ContextFactory<SeeContext<SimulatedResources>> {
  return contextFactory(SimulatedResources, configuration)
}
