import { join } from 'node:path'

/** A name that no other file of the environment has. */
export interface ClaimedName {
  /** The path without its extension. */
  readonly base: string
  /** What the number added to the name: nothing for the first of it, then `_2` and so on. */
  readonly suffix: string
  /** The path with one of the extensions that were claimed. */
  path(extension: string): string
  /** Gives it back where nothing was written, so that the next one gets it. */
  release(): void
}

export interface ClaimOptions {
  /** Without a dot. */
  readonly extensions: readonly string[]
  /** Numbers the first one as well. */
  readonly alwaysNumbered?: boolean
}

/** The names of one environment's files in one folder: `<identifier>_<stem>.<extension>`, then `<identifier>_<stem>_2`. */
export class ClaimedNames {
  readonly #beginning: string
  readonly #taken = new Set<string>()
  /** The last number of each stem, so that many files of one take no time to count. */
  readonly #last = new Map<string, number>()

  constructor(folder: string, identifier: string) {
    this.#beginning = join(folder, identifier)
  }

  /** @param stem what follows the identifier; nothing when it is empty */
  claim(stem: string, { extensions, alwaysNumbered = false }: ClaimOptions): ClaimedName {
    const named = stem === '' ? this.#beginning : `${this.#beginning}_${stem}`
    const key = [named, ...extensions].join('/')
    for (let number = (this.#last.get(key) ?? 0) + 1; ; number++) {
      const suffix = number === 1 && !alwaysNumbered ? '' : `_${number}`
      const base = `${named}${suffix}`
      const path = (extension: string): string => `${base}.${extension}`
      const paths = extensions.map(path)
      if (paths.some((each) => this.#taken.has(each))) continue
      for (const each of paths) this.#taken.add(each)
      this.#last.set(key, number)
      const release = (): void => {
        for (const each of paths) this.#taken.delete(each)
        this.#last.set(key, number - 1)
      }
      return { base, suffix, path, release }
    }
  }
}
