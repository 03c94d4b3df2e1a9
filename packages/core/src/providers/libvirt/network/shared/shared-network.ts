import { setTimeout as sleep } from 'node:timers/promises'
import type { Hypervisor, Network } from '@see/libvirt'
import { messageOf, SeeError } from '../../../../common/errors.ts'
import type { ReleaseStack } from '../../../../common/release-stack.ts'
import type { ObjectOwner } from '../../daemon/owner-metadata.ts'
import { sharedEntry } from './shared-kind.ts'
import { TURN_TIMEOUT_MS } from '../definition/serialize-network-change.ts'
import {
  closeNetwork,
  leaveForKilled,
  openNetwork,
  type OpenNetwork,
  type SharedNetworkPlan,
} from './host-network.ts'
import { allOrCollect } from '../../../../common/all-or-collect.ts'
import type { NetworkSlot } from '../address/network-slot.ts'

/** Where guests come and go all the time, the network need not go with each that happens to be the last. */
const LINGER_MS = 200
const ATTEMPTS = 100
/** How long leases that were looked up hold good. */
const LEASES_MS = 1000

export interface Joined {
  readonly network: Network
  readonly place: NetworkSlot
  /** The addresses of all guests on it now. */
  guests(): Promise<ReadonlySet<string>>
  /** Gives the place back, which the guest must have left. It is also among the releases. */
  leave(): Promise<void>
}

/** Whose guest takes a place. */
export interface SharingGuest {
  readonly identifier: string
  readonly releases: ReleaseStack
}

/** One network for many guests, of this process and of others on the host. The last one out removes it. */
export class SharedNetwork {
  readonly #plan: SharedNetworkPlan
  #guests = 0
  /** Whether there has been more than one guest at a time since the network was opened. */
  #isBusy = false
  #open: OpenNetwork | undefined
  /** Whether something may be there though it could not be opened. */
  #isHalfOpen = false
  /** The daemon keeps its networks where no table of this process holds. */
  #isOutOfReach = false
  #leased = Promise.resolve(new Set<string>())
  #leasedAtMs = Number.NEGATIVE_INFINITY
  #turn: Promise<unknown> = Promise.resolve()
  #lingering = new AbortController()

  constructor(plan: SharedNetworkPlan) {
    this.#plan = plan
  }

  /**
   * Takes a place for one guest, which is given back at the end.
   * @param where whether a place will do whose last guest's lease is still there
   * @throws SeeError `NETWORK_INVALID` or `NETWORK_EXHAUSTED`
   */
  async join(
    hypervisor: Hypervisor,
    { identifier, releases }: SharingGuest,
    where: 'unleased' | 'anywhere',
  ): Promise<Joined | 'full' | 'out of reach'> {
    const { name } = this.#plan
    this.#guests++
    this.#isBusy ||= this.#guests > 1
    this.#lingering.abort()
    const taken: { open: OpenNetwork; place: NetworkSlot }[] = []
    let left: Promise<void> | undefined
    const leave = (): Promise<void> => (left ??= this.#leave(hypervisor, taken))
    try {
      const entry = sharedEntry(hypervisor.uri, name)
      await releases.defer(entry, leave, TURN_TIMEOUT_MS).catch((error: unknown) => {
        this.#guests--
        throw error
      })
      const open = await this.#inTurn(async () => {
        const owner = await releases.owner()
        return await this.#opened(hypervisor, owner === undefined ? undefined : { identifier, owner })
      })
      if (open !== undefined) {
        const network = await hypervisor.networkLookupByUUID(open.uuid)
        const place = await this.#takePlace(open, network, where)
        if (place !== undefined) {
          taken.push({ open, place })
          return { network, place, leave, guests: () => open.users.taken() }
        }
      }
      await leave()
      return open === undefined ? 'out of reach' : 'full'
    } catch (error) {
      if (error instanceof SeeError) throw error
      const message = `cannot join the shared network ${name}: ${messageOf(error)}`
      throw new SeeError('NETWORK_INVALID', message, { cause: error })
    }
  }

  async #opened(hypervisor: Hypervisor, maker: ObjectOwner | undefined): Promise<OpenNetwork | undefined> {
    if (this.#isOutOfReach) return undefined
    if (this.#open === undefined) {
      this.#isHalfOpen = true
      this.#open = await openNetwork(hypervisor, this.#plan, maker)
      this.#isHalfOpen = false
    }
    this.#isOutOfReach = this.#open === undefined
    return this.#open
  }

  async #leave(
    hypervisor: Hypervisor,
    taken: readonly { readonly open: OpenNetwork; readonly place: NetworkSlot }[],
  ): Promise<void> {
    for (const { open, place } of taken) await open.users.giveBack(place)
    this.#guests--
    if (this.#guests > 0) return
    if (this.#isBusy && this.#open !== undefined) {
      this.#lingering = new AbortController()
      await sleep(LINGER_MS, undefined, { signal: this.#lingering.signal }).catch(() => undefined)
    }
    await this.#inTurn(async () => {
      const open = this.#open
      if (this.#guests > 0) return
      if (open === undefined) {
        if (this.#isHalfOpen) await leaveForKilled(hypervisor, this.#plan.name, this.#plan.nft)
        this.#isHalfOpen = false
        return
      }
      this.#open = undefined
      this.#isBusy = false
      await closeNetwork(hypervisor, open, this.#plan)
    })
  }

  /** A lease that is there would say that the guest has its address already. */
  async #takePlace(
    { places, users }: OpenNetwork,
    network: Network,
    where: 'unleased' | 'anywhere',
  ): Promise<NetworkSlot | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const areLeasesOld = performance.now() - this.#leasedAtMs > LEASES_MS
      if (areLeasesOld) this.#lookUpLeases(network)
      const [taken, leased] = await allOrCollect(users.taken(), this.#leased)
      const free = places.filter(({ address }) => !taken.has(address))
      const from = where === 'anywhere' ? free : free.filter(({ address }) => !leased.has(address))
      // At random, so that others seldom pick the same.
      const place = from[Math.floor(Math.random() * from.length)]
      if (place === undefined) {
        if (areLeasesOld || free.length === 0) return undefined
        this.#leasedAtMs = Number.NEGATIVE_INFINITY
      } else {
        leased.add(place.address)
        if (await users.take(place)) return place
      }
    }
    return undefined
  }

  /** Those that are there; the addresses that guests of this process are given from then on are added to them. */
  #lookUpLeases(network: Network): void {
    this.#leasedAtMs = performance.now()
    const leases = network.getDHCPLeases()
    this.#leased = leases.then((all) => new Set(all.map(({ ipaddr }) => ipaddr)))
  }

  /** One after the other, whatever becomes of them. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}
