import type { Omitted } from '../model/report-index.ts'
import type { ShownText } from '../model/rows.ts'

/** Characters of one field, such as a name or an error. */
const FIELD = 2000
/** Rows of one kind. */
const ROWS = 20_000
/** Text of all outputs and consoles, in bytes. */
const ALL_TEXT_BYTES = 4 * 1024 * 1024

/** Keeps a report small, whatever the guest wrote: what goes beyond a bound is left out and counted. */
export class Bounds {
  readonly #omitted = new Map<string, number>()
  #textBytes = ALL_TEXT_BYTES

  /** A field; a longer one ends with how much is left out. */
  readonly field = (text: string, most = FIELD): string => {
    if (text.length <= most) return text
    this.omit('ends of long texts', 1)
    return `${text.slice(0, most)} … ${text.length - most} characters more`
  }

  /** The first rows. */
  rows<Value>(what: string, values: readonly Value[], most = ROWS): readonly Value[] {
    if (values.length > most) this.omit(what, values.length - most)
    return values.slice(0, most)
  }

  /** What a file holds, as text, up to a bound of its own and one for all. */
  text(bytes: Uint8Array, size: number, most: number): ShownText {
    const shown = bytes.subarray(0, Math.min(most, this.#textBytes))
    this.#textBytes -= shown.length
    const beyond = Math.max(0, size - shown.length)
    if (beyond > 0) this.omit('bytes of outputs and consoles', beyond)
    return { text: new TextDecoder().decode(shown), beyond }
  }

  omit(what: string, count: number): void {
    this.#omitted.set(what, (this.#omitted.get(what) ?? 0) + count)
  }

  get omitted(): Omitted[] {
    return Array.from(this.#omitted, ([what, count]) => ({ what, count }))
  }
}
