/** A damaged file must not fill the memory with what is wrong in it. */
const MOST = 100

/** What could not be read of some evidence, in words: a hundred things, and how many there are beyond those. */
export class Missing {
  readonly #found: string[] = []
  #beyond = 0

  add(...found: readonly string[]): void {
    for (const each of found) {
      if (this.#found.length < MOST) this.#found.push(each)
      else this.#beyond++
    }
  }

  get all(): readonly string[] {
    return this.#beyond === 0 ? this.#found : [...this.#found, `${this.#beyond} more`]
  }
}
