import type { InterfaceAddresses } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import { addressOf } from './addresses.ts'
import { type AddressOptions, type AddressType, waitForAddress } from './wait-for-address.ts'

interface AddressedGuest {
  readonly interfaces: () => Promise<readonly InterfaceAddresses[]>
  /** The MAC address of the guest's first interface. */
  readonly macAddress: () => string | undefined
  readonly state: () => Promise<DomainState>
  /** Why it does not run. */
  readonly explain: (state: DomainState) => string
}

/** The addresses of a guest's first interface, remembered until they are forgotten. */
export class GuestAddresses {
  readonly #guest: AddressedGuest
  #known = new Map<AddressType, string>()

  constructor(guest: AddressedGuest) {
    this.#guest = guest
  }

  /** Replaces them, so that an answer still under way is not taken for one of the next run. */
  forget(): void {
    this.#known = new Map()
  }

  async get(type: AddressType): Promise<string | undefined> {
    const addresses = this.#known
    const known = addresses.get(type)
    if (known !== undefined) return known
    const interfaces = await this.#guest.interfaces()
    const address = addressOf(interfaces, this.#guest.macAddress(), type)
    if (address !== undefined) addresses.set(type, address)
    return address
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  wait(type: AddressType, options: AddressOptions): Promise<string> {
    const { state, explain } = this.#guest
    return waitForAddress({ address: (wanted) => this.get(wanted), state, explain }, type, options)
  }
}
