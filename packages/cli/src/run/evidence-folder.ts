import { mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { SeeError, messageOf } from '@see/core'
import { prepareResultsFolder } from '@see/hooks'

const MOST_FILES = 1000

export interface EvidenceFile {
  /** Path relative to the evidence folder. */
  readonly path: string
  readonly bytes: number
}

/** The folder `<results>/<identifier>` that holds what a run leaves. */
export class EvidenceFolder {
  readonly path: string
  /** The outermost folder that had to be made for it. */
  readonly #made: string | undefined

  private constructor(path: string, made: string | undefined) {
    this.path = path
    this.#made = made
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` */
  static async create(results: string, identifier: string): Promise<EvidenceFolder> {
    const path = join(resolve(results), identifier)
    try {
      const made = await mkdir(path, { recursive: true })
      const folder = new EvidenceFolder(path, made)
      await prepareResultsFolder(path)
      return folder
    } catch (error) {
      if (error instanceof SeeError) throw error
      throw new SeeError(
        'RESULTS_UNWRITABLE',
        `the results folder ${path} cannot be made: ${messageOf(error)}; name another one with --results`,
        { cause: error },
      )
    }
  }

  /** Every file in it, those of sub-folders too, up to a thousand. */
  async files(): Promise<EvidenceFile[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true })
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .slice(0, MOST_FILES)
    return await Promise.all(
      paths.map(async (path) => ({ path: relative(this.path, path), bytes: (await stat(path)).size })),
    )
  }

  /** Takes it away again if nothing is in it, with the folders made for it. Returns whether it did. */
  async removeIfEmpty(): Promise<boolean> {
    if ((await readdir(this.path)).length > 0) return false
    await rmdir(this.path)
    for (let path = this.path; this.#made !== undefined && path !== this.#made; ) {
      path = dirname(path)
      const failed = await rmdir(path).then(
        () => false,
        () => true,
      )
      if (failed) break
    }
    return true
  }
}
