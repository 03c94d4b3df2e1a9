import { setTimeout as sleep } from 'node:timers/promises'
import type { Hypervisor, Network } from '@see/libvirt'
import { messageOf, SeeError } from '../../errors.ts'
import type { ReleaseStack } from '../../release-stack.ts'
import { closeNetwork, openNetwork, type OpenNetwork, type SharedNetworkPlan } from './host-network.ts'
import { together } from '../together.ts'
import type { Place } from './place.ts'

/** Where guests come and go all the time, the network need not go with each that happens to be the last. */
const LINGER_MS = 200
const ATTEMPTS = 100
/** How long leases that were looked up hold good. */
const LEASES_MS = 1000

const networks = new Map<string, SharedNetwork>()

/** This process's only one of that name. */
export function sharedNetwork(plan: SharedNetworkPlan): SharedNetwork {
  const network = networks.get(plan.name) ?? new SharedNetwork(plan)
  networks.set(plan.name, network)
  return network
}

/** One network for many guests, of this process and of others on the host. The last one out removes it. */
export class SharedNetwork {
  readonly #plan: SharedNetworkPlan
  #guests = 0
  /** Whether there has been more than one guest at a time since the network was opened. */
  #isBusy = false
  #open: OpenNetwork | undefined
  #leased = Promise.resolve(new Set<string>())
  #leasedAtMs = Number.NEGATIVE_INFINITY
  #turn: Promise<unknown> = Promise.resolve()
  #lingering = new AbortController()

  constructor(plan: SharedNetworkPlan) {
    this.#plan = plan
  }

  /**
   * Takes a place for one guest, which is given back at the end.
   * @returns undefined when the network is out of this process's reach
   * @throws SeeError `NETWORK_INVALID` or `NETWORK_EXHAUSTED`
   */
  async join(
    hypervisor: Hypervisor,
    releases: ReleaseStack,
  ): Promise<{ network: Network; place: Place } | undefined> {
    const { name } = this.#plan
    this.#guests++
    this.#isBusy ||= this.#guests > 1
    this.#lingering.abort()
    releases.defer(`shared network ${name}`, () => this.#leave(hypervisor))
    try {
      const open = await this.#inTurn(async () => (this.#open ??= await openNetwork(hypervisor, this.#plan)))
      if (open === undefined) return undefined
      const network = await hypervisor.networkLookupByUUID(open.uuid)
      const place = await this.#takePlace(open, network)
      releases.defer(`place ${place.device} on ${name}`, () => open.users.giveBack(place))
      return { network, place }
    } catch (error) {
      if (error instanceof SeeError) throw error
      const message = `cannot join the shared network ${name}: ${messageOf(error)}`
      throw new SeeError('NETWORK_INVALID', message, { cause: error })
    }
  }

  async #leave(hypervisor: Hypervisor): Promise<void> {
    this.#guests--
    if (this.#guests > 0) return
    if (this.#isBusy) {
      this.#lingering = new AbortController()
      await sleep(LINGER_MS, undefined, { signal: this.#lingering.signal }).catch(() => undefined)
    }
    await this.#inTurn(async () => {
      const open = this.#open
      if (this.#guests > 0 || open === undefined) return
      this.#open = undefined
      this.#isBusy = false
      await closeNetwork(hypervisor, open, this.#plan)
    })
  }

  /** One that has no lease is taken if there is one: a lease would say that the guest has its address already. */
  async #takePlace({ places, users }: OpenNetwork, network: Network): Promise<Place> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [taken, leased] = await together(users.taken(), this.#leasedAddresses(network))
      const free = places.filter(({ address }) => !taken.has(address))
      const fresh = free.filter(({ address }) => !leased.has(address))
      const from = fresh.length > 0 ? fresh : free
      // At random, so that others seldom pick the same.
      const place = from[Math.floor(Math.random() * from.length)]
      if (place === undefined) break
      leased.add(place.address)
      if (await users.take(place)) return place
    }
    const message = `all ${places.length} places of the shared network ${this.#plan.name} are taken: give the environment a network of its own ("sharing": "own"), or configure a larger subnet in network.dynamic_address`
    throw new SeeError('NETWORK_EXHAUSTED', message)
  }

  /** Those with a lease of late, and those that were given to guests of this process since. */
  async #leasedAddresses(network: Network): Promise<Set<string>> {
    if (performance.now() - this.#leasedAtMs > LEASES_MS) {
      this.#leasedAtMs = performance.now()
      const leases = network.getDHCPLeases()
      this.#leased = leases.then((all) => new Set(all.map(({ ipaddr }) => ipaddr)))
    }
    return await this.#leased
  }

  /** One after the other, whatever becomes of them. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}
