import { chmod, mkdir, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileNameOf } from '../results/file-name.ts'

/** A folder with files of a guest's, which are numbered: their own names are only hinted at. */
export class ExtractedFiles {
  readonly #folder: string
  readonly #kept: (path: string) => void
  #bytesLeft: number
  #count = 0
  #made: Promise<unknown> | undefined

  /** @param kept gets the path of each file */
  constructor(folder: string, maxBytes: number, kept: (path: string) => void) {
    this.#folder = folder
    this.#kept = kept
    this.#bytesLeft = maxBytes
  }

  get bytesLeft(): number {
    return this.#bytesLeft
  }

  /**
   * Moves a file into the folder.
   * @param name the path it had in the guest
   * @returns its path from where the folder is; undefined when there is no room left for it
   */
  async keep(file: string, name: string): Promise<string | undefined> {
    const { size } = await stat(file)
    if (size > this.#bytesLeft) return undefined
    this.#bytesLeft -= size
    this.#made ??= mkdir(this.#folder, { mode: 0o700, recursive: true })
    await this.#made
    const target = join(this.#folder, `${++this.#count}_${fileNameOf(basename(name))}`)
    await chmod(file, 0o600)
    await rename(file, target)
    this.#kept(target)
    return join(basename(this.#folder), basename(target))
  }
}
