import { formatIpv4, parseIpv4 } from '../../common/subnet.ts'

/** The range for benchmarks (RFC 2544), which no host has: each name gets an address of its own from it. */
const FIRST = parseIpv4('198.18.0.1')
/** Names that are kept apart: they are kept in memory. */
const ADDRESSES = 2 ** 14

/** An address of its own for each name, in the order in which they are asked for. */
export class NameAddresses {
  readonly #names = new Map<string, string>()

  /** A guest that asks for more names than there are addresses is given some again. */
  of(name: string): string {
    const key = name.toLowerCase()
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const address = formatIpv4(FIRST + (this.#names.size % ADDRESSES))
    if (this.#names.size < ADDRESSES) this.#names.set(key, address)
    return address
  }
}
