import type { InterfaceAddresses } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { AddressOptions, AddressType } from './wait-for-address.ts'

interface AddressedGuest {
  interfaceAddresses(): Promise<readonly InterfaceAddresses[]>
  /** The MAC address of the guest's first interface. */
  macAddress(): string | undefined
  state(): Promise<DomainState>
}

interface Conduct {
  /** Why the guest does not run. */
  explain(state: DomainState): string
}

/** The addresses of a guest's first interface, remembered until they are forgotten. */
export class GuestAddresses {
  readonly #guest: AddressedGuest
  readonly #conduct: Conduct
  #known = new Map<AddressType, string>()

  constructor(guest: AddressedGuest, conduct: Conduct) {
    this.#guest = guest
    this.#conduct = conduct
  }

  /** Replaces them, so that an answer still under way is not taken for one of the next run. */
  forget(): void {
    this.#known = new Map()
  }

  async get(type: AddressType): Promise<string | undefined> {
    const addresses = this.#known
    const known = addresses.get(type)
    if (known !== undefined) return known
    const interfaces = await this.#guest.interfaceAddresses()
    const { addressOf } = await import('./addresses.ts')
    const address = addressOf(interfaces, this.#guest.macAddress(), type)
    if (address !== undefined) addresses.set(type, address)
    return address
  }

  /** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
  async wait(type: AddressType, options: AddressOptions): Promise<string> {
    const { waitForAddress } = await import('./wait-for-address.ts')
    const guest = {
      address: (wanted: AddressType) => this.get(wanted),
      state: () => this.#guest.state(),
      explain: (state: DomainState) => this.#conduct.explain(state),
    }
    return await waitForAddress(guest, type, options)
  }
}
