import { chmod, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { makeFolder, messageOf, SeeError } from '@see/core'
import { manifestName } from '@see/evidence'
import { evidenceModes, prepareResultsFolder, writeEvidence } from '@see/hooks'
import { folderModeOf } from './folder-mode.ts'

const MOST_FILES = 1000
/** The name of the report in the folder. */
export const REPORT = 'run.json'
/** A file that keeps room for run.json on a disk that fills up. */
const RESERVE = '.run.json.reserve'
const RESERVE_BYTES = 64 * 1024

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

  readonly #identifier: string

  private constructor(path: string, identifier: string, made: string | undefined) {
    this.path = path
    this.#identifier = identifier
    this.#made = made
  }

  /** @throws SeeError `RESULTS_UNWRITABLE`; then nothing was made */
  static async create(results: string, identifier: string): Promise<EvidenceFolder> {
    const path = join(resolve(results), identifier)
    try {
      const made = await makeFolder(path, evidenceModes.folder)
      const folder = new EvidenceFolder(path, identifier, made)
      await prepareResultsFolder(path)
      await writeEvidence(join(path, RESERVE), Buffer.alloc(RESERVE_BYTES, '\n'))
      return folder
    } catch (error) {
      if (error instanceof SeeError && error.code === 'RESULTS_UNWRITABLE') throw error
      throw new SeeError(
        'RESULTS_UNWRITABLE',
        `the results folder ${path} cannot be made: ${messageOf(error)}; name another one with --results`,
        { cause: error },
      )
    }
  }

  /** One that was made already; undefined where it is not there. */
  static async open(path: string, identifier: string): Promise<EvidenceFolder | undefined> {
    const isThere = await stat(path).then(
      (facts) => facts.isDirectory(),
      () => false,
    )
    return isThere ? new EvidenceFolder(path, identifier, undefined) : undefined
  }

  /**
   * The files in it but the manifest and the report: first its own, then those of its folders, a thousand at most; and how many there are
   * beyond those.
   * None when it was removed meanwhile.
   */
  async files(): Promise<{ readonly files: EvidenceFile[]; readonly omitted: number }> {
    const files: EvidenceFile[] = []
    let omitted = 0
    const manifest = join(this.path, manifestName(basename(this.path), this.#identifier))
    for await (const path of this.#paths('file')) {
      if (path === manifest || path === join(this.path, REPORT)) continue
      if (files.length >= MOST_FILES) omitted++
      else files.push({ path: relative(this.path, path), bytes: await sizeOf(path) })
    }
    return { files, omitted }
  }

  /**
   * Writes `run.json`. On a full disk there is room for `short`.
   * @throws SeeError `RESULTS_LOST` when only the short one could be written, or none
   */
  async writeReport(text: string, short: string): Promise<void> {
    const path = join(this.path, REPORT)
    try {
      await writeEvidence(path, text, { durable: true })
    } catch (error) {
      await this.#removeReserve()
      await writeEvidence(path, short, { durable: true })
      throw error
    } finally {
      await this.#removeReserve()
    }
  }

  /** Gives every file in it a mode, and every folder the one with which a file's readers may enter. */
  async open(mode: number): Promise<void> {
    for await (const path of this.#paths('file')) await chmod(path, mode)
    for await (const path of this.#paths('folder')) await chmod(path, folderModeOf(mode))
    await chmod(this.path, folderModeOf(mode))
  }

  /** Takes it away again if nothing is in it, with the folders made for it. Returns whether it did. */
  async removeIfEmpty(): Promise<boolean> {
    const entries = await entriesOf(this.path)
    if (entries.some(({ name }) => name !== RESERVE)) return false
    await this.#removeReserve()
    await rmdir(this.path).catch(() => undefined)
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

  async #removeReserve(): Promise<void> {
    await rm(join(this.path, RESERVE), { force: true })
  }

  /** Paths of the files or folders below it, those of a folder before those of folders in it; links are neither. */
  async *#paths(kind: 'file' | 'folder'): AsyncGenerator<string> {
    const folders = [this.path]
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      for (const entry of await entriesOf(folder)) {
        const path = join(folder, entry.name)
        if (entry.isDirectory()) folders.push(path)
        if (path === join(this.path, RESERVE)) continue
        if (kind === 'file' ? entry.isFile() : entry.isDirectory()) yield path
      }
    }
  }
}

async function entriesOf(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

/** In bytes; 0 for what was removed meanwhile. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
