import { rm } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { evidenceWarning, messageOf, type SeeContext } from '@see/core'
import {
  EVIDENCE_FORMAT,
  EVIDENCE_VERSION,
  type ManifestFile,
  manifestFileSchema,
  manifestName,
} from '@see/evidence'
import { escapedJson } from './escape-text.ts'
import { writeEvidence } from './evidence-file.ts'
import { isFolder } from './is-folder.ts'

/** Readers take twice as many, and 64 MiB. */
const MOST_FILES = 100_000
/** After a write, the next one waits so many times as long as that took. */
const REST = 10

/**
 * The manifest of one environment in one folder. It is written as files come, beside the case: one write at a time, and at
 * most one that waits, whatever came meanwhile.
 */
export class ManifestWriter {
  readonly path: string
  readonly #folder: string
  readonly #context: SeeContext
  readonly #created = new Date().toISOString()
  /** The files as they are written, by their absolute paths, in the order in which they were begun. */
  readonly #files = new Map<string, string>()
  readonly #growing = new Map<string, ManifestFile>()
  readonly #ending = new AbortController()
  #isStale = false
  #writing: Promise<void> | undefined
  #failure: unknown

  constructor(folder: string, context: SeeContext) {
    this.path = join(folder, manifestName(basename(folder), context.identifier))
    this.#folder = folder
    this.#context = context
  }

  /** Adds a file, or replaces what was known of it; its paths are absolute. */
  put(file: ManifestFile): void {
    const { path } = file
    const isNew = !this.#files.has(path)
    if (isNew && this.#files.size >= MOST_FILES) return this.#warnOfCut()
    const inFolder = manifestFileSchema.safeParse(this.#inFolder(file))
    // A program over evidence may name a file as no manifest can.
    if (!inFolder.success) {
      this.#context.logger.info({ path }, 'the manifest cannot name a file')
      return
    }
    this.#files.set(path, escapedJson(inFolder.data))
    if (file.state === 'growing') this.#growing.set(path, file)
    else this.#growing.delete(path)
    this.#changed()
  }

  remove(path: string): void {
    this.#growing.delete(path)
    if (this.#files.delete(path)) this.#changed()
  }

  /**
   * The environment has ended: what grew until now is as it will stay. Nothing is left of a manifest without files, and none
   * is missed in a folder that is gone.
   * @throws SeeError `RESULTS_LOST`
   */
  async end(): Promise<void> {
    const to = Date.now()
    for (const file of this.#growing.values()) this.put({ ...file, to, state: 'incomplete' })
    this.#ending.abort()
    if (this.#files.size > 0) this.#changed()
    await this.#writing
    if (this.#files.size === 0) await rm(this.path, { force: true })
    else if (this.#failure !== undefined && (await isFolder(this.#folder))) throw this.#failure
  }

  #warnOfCut(): void {
    const why = `it names ${MOST_FILES} files at most`
    const warning = evidenceWarning('MANIFEST_CUT', `further files in the manifest ${this.path}`, why)
    this.#context.warn(warning).catch((error: unknown) => {
      this.#context.logger.info({ error: messageOf(error) }, 'warning without its event')
    })
  }

  #changed(): void {
    this.#isStale = true
    this.#writing ??= this.#write()
  }

  /** That it fails must not break what the case does: it is written again with the next file, and at the end. */
  async #write(): Promise<void> {
    // What comes at the same moment is written together.
    let restMs = 0
    while (this.#isStale) {
      await sleep(restMs, undefined, { signal: this.#ending.signal }).catch(() => undefined)
      this.#isStale = false
      const start = performance.now()
      try {
        await writeEvidence(this.path, this.#parts())
        this.#failure = undefined
      } catch (error) {
        if (this.#failure === undefined) this.#context.logger.error({ err: error }, messageOf(error))
        this.#failure = error
      }
      restMs = (performance.now() - start) * REST
    }
    this.#writing = undefined
  }

  *#parts(): Generator<string> {
    const facts = {
      format: EVIDENCE_FORMAT,
      version: EVIDENCE_VERSION,
      identifier: this.#context.identifier,
      created: this.#created,
      complete: this.#ending.signal.aborted,
    }
    yield `${escapedJson(facts).slice(0, -1)},"files":[\n`
    yield Array.from(this.#files.values()).join(',\n')
    yield '\n]}\n'
  }

  #inFolder(file: ManifestFile): ManifestFile {
    const path = relative(this.#folder, file.path)
    return { ...file, path, ...(file.of === undefined ? {} : { of: relative(this.#folder, file.of) }) }
  }
}
