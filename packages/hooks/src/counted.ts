/** Things that occur again and again, each kept once; no more than a limit of them. */
export class Counted<Value extends object> {
  /** Whether there were more than are kept. */
  full = false
  readonly #values = new Map<string, Value>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What is kept under the key, made when it is new; undefined when there is no room for it. */
  at(key: readonly unknown[], make: () => Value): Value | undefined {
    const text = JSON.stringify(key)
    const known = this.#values.get(text)
    if (known !== undefined) return known
    this.full ||= this.#values.size >= this.#limit
    if (this.#values.size >= this.#limit) return undefined
    const made = make()
    this.#values.set(text, made)
    return made
  }

  /** In the order in which they first occurred. */
  get values(): Value[] {
    return [...this.#values.values()]
  }
}
