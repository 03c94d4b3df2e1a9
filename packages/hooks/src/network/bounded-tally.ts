/** Characters of texts that are kept with the things of one kind, which a guest makes up. */
const CHARACTERS = 4 * 1024 * 1024

/** Things that occur again and again, each kept once; no more than a limit of them, and of text. */
export class BoundedTally<Value extends object> {
  /** Whether there were more than are kept. */
  full = false
  readonly #values = new Map<string, Value>()
  readonly #limit: number
  #charactersLeft = CHARACTERS

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What is kept under the key, made when it is new; undefined when there is no room for it. */
  at(key: readonly unknown[], make: () => Value): Value | undefined {
    const text = JSON.stringify(key)
    const known = this.#values.get(text)
    if (known !== undefined) return known
    this.full ||= this.#values.size >= this.#limit
    if (this.#values.size >= this.#limit || !this.hasRoomFor(text)) return undefined
    const made = make()
    this.#values.set(text, made)
    return made
  }

  /** Whether a text more may be kept; it is counted as kept then. */
  hasRoomFor(text: string): boolean {
    const fits = text.length <= this.#charactersLeft
    if (fits) this.#charactersLeft -= text.length
    this.full ||= !fits
    return fits
  }

  /** In the order in which they first occurred. */
  get values(): Value[] {
    return [...this.#values.values()]
  }
}
