import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseBoundedJson } from '@see/qemu/bounded-json'
import { messageOf, SeeError } from '../common/errors.ts'
import { ReleaseStack, releaseAfter } from '../common/release-stack.ts'
import type { EnvironmentLedger } from '../ledger/environment-ledger.ts'
import { makeFolder } from '../host/make-folder.ts'
import { CONFIGURATION_BYTES, readRegularFile } from '../configuration/user-file.ts'
import type { FileLock } from '../host/file-lock.ts'
import { Template } from './template.ts'
import { templateError } from './template-error.ts'
import { templateFiles } from './template-files.ts'
import { templateName } from './template-name.ts'
import { templateRoot } from './template-root.ts'

const MANIFEST = 'manifest.json'
/** Names of a template that is not complete yet, and of one that is being removed, by the identifiers of their ledgers. */
const HIDDEN = /^\.(.+)\.([0-9a-f-]{36})\.(?:building|gone)$/

/** Makes what a template is of in a folder, of its manifest too. The ledger is that of the build. */
export type TemplateBuilder = (folder: string, ledger: EnvironmentLedger) => Promise<void>

/** Where the templates of this user are: a folder each, and beside them, by names with a dot, what is being built. */
export class TemplateStore {
  readonly root: string

  constructor(root = templateRoot()) {
    this.root = root
  }

  /** The names of all that were built to their end. */
  async list(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw new SeeError(
        'FILE_UNREADABLE',
        `cannot read the templates in ${this.root}: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    })
    return entries
      .filter((entry) => entry.isDirectory() && templateName.safeParse(entry.name).success)
      .map(({ name }) => name)
      .toSorted()
  }

  /**
   * @throws SeeError `TEMPLATE_MISSING`, or `TEMPLATE_INVALID` when its manifest cannot be read, or when another user than root
   * and ourselves made it or could change it
   */
  async open(name: string): Promise<Template> {
    const [{ templateManifest }, { assertTrusted }] = await readers()
    const folder = this.#folderOf(name)
    const text = await manifestText(folder).catch(async (error: unknown) => {
      if (isMissing(error) && !(await exists(folder))) throw await this.#missing(name)
      throw templateError('TEMPLATE_INVALID', name, `its manifest cannot be read: ${messageOf(error)}`, error)
    })
    await assertTrusted(this.root, folder).catch((error: unknown) => {
      throw templateError('TEMPLATE_INVALID', name, messageOf(error), error)
    })
    try {
      return new Template(folder, templateManifest.parse(parseBoundedJson(text)))
    } catch (error) {
      const why = `${join(folder, MANIFEST)} is none of this version of SEE: ${messageOf(error)}`
      throw templateError('TEMPLATE_INVALID', name, why, error)
    }
  }

  /**
   * Removes a template, and what a killed build left under its name.
   * @throws SeeError `TEMPLATE_MISSING`, or `TEMPLATE_IN_USE` while clones of it run
   */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    const folder = this.#folderOf(name)
    if (!(await exists(folder)) && (await this.#left(name)).length === 0) throw await this.#missing(name)
    await using lock = await this.#lock(name, signal)
    await this.#sweep(lock, name)
    await this.#assertUnused(name)
    // Another process may have removed it while we waited for the lock.
    const isThere = await exists(folder)
    if (isThere) await this.#removing(name, (gone) => rename(folder, gone))
    await rm(this.#lockPath(name), { force: true })
    if (!isThere) throw await this.#missing(name)
  }

  /**
   * Builds a template beside the others and gives it its name when it is complete. A second build of the same name
   * waits meanwhile. An existing one is replaced.
   * @throws SeeError `TEMPLATE_IN_USE`, or what the builder throws; then nothing has changed
   */
  async build(name: string, builder: TemplateBuilder, signal: AbortSignal): Promise<Template> {
    const folder = this.#folderOf(name)
    await makeFolder(this.root, 0o755).catch((error: unknown) => {
      throw templateError('TEMPLATE_BUILD', name, `cannot make ${this.root}: ${messageOf(error)}`, error)
    })
    await this.#assertTrustedRoot(name)
    await using lock = await this.#lock(name, signal)
    await this.#sweep(lock, name)
    await this.#assertUnused(name)
    await this.#building(name, async (building, ledger) => {
      await builder(building, ledger)
      signal.throwIfAborted()
      await this.#assertUnused(name)
      await this.#removing(name, async (gone) => {
        if (await exists(folder)) await rename(folder, gone)
        await rename(building, folder)
      })
    })
    return await this.open(name)
  }

  /** The folder is gone at the end, unless it has another name by then. */
  async #building(
    name: string,
    build: (folder: string, ledger: EnvironmentLedger) => Promise<void>,
  ): Promise<void> {
    const ledger = await beginLedger()
    const releases = new ReleaseStack(ledger)
    const path = this.#hidden(name, ledger.identifier, 'building')
    await ledger.endAfter(async () => {
      try {
        const { hostEntry } = await import('../ledger/host-entries.ts')
        const entry = hostEntry('folder', `the template being built in ${path}`, { path })
        const recorded = await releases.defer(entry, () => rm(path, { recursive: true, force: true }))
        await mkdir(path, { mode: 0o755 })
        recorded.made()
        await build(path, ledger)
      } catch (error) {
        await releaseAfter(error, () => releases.release())
      }
      await releases.release()
    })
  }

  /** @param move gives what is removed the name that it is removed by */
  async #removing(name: string, move: (gone: string) => Promise<void>): Promise<void> {
    const ledger = await beginLedger()
    const releases = new ReleaseStack(ledger)
    const path = this.#hidden(name, ledger.identifier, 'gone')
    await ledger.endAfter(async () => {
      const { hostEntry } = await import('../ledger/host-entries.ts')
      const entry = hostEntry('folder', `the template removed in ${path}`, { path })
      await releases.defer(entry, () => rm(path, { recursive: true, force: true }))
      try {
        await move(path)
      } finally {
        await releases.release()
      }
    })
  }

  /** Removes what a build left that ended without cleaning up: the lock proves that no build is running. */
  async #sweep(_lock: FileLock, name: string): Promise<void> {
    for (const each of await this.#left(name))
      await rm(join(this.root, each), { recursive: true, force: true })
  }

  async #assertTrustedRoot(name: string): Promise<void> {
    const { assertTrustedRoot } = await import('./trusted-files.ts')
    await assertTrustedRoot(this.root).catch((error: unknown) => {
      throw templateError('TEMPLATE_BUILD', name, messageOf(error), error)
    })
  }

  async #left(name: string): Promise<string[]> {
    const names = await readdir(this.root).catch(() => [])
    return names.filter((each) => HIDDEN.exec(each)?.[1] === name)
  }

  async #assertUnused(name: string): Promise<void> {
    const { isLocked } = await import('./in-use.ts')
    const disk = join(this.#folderOf(name), templateFiles.disk)
    if (!(await isLocked(disk).catch(() => false))) return
    throw templateError('TEMPLATE_IN_USE', name, 'clones of it are running; wait until they have ended')
  }

  async #lock(name: string, signal: AbortSignal): Promise<FileLock> {
    const { lockFile } = await import('../host/file-lock.ts')
    for (;;) {
      const lock = await lockFile(this.#lockPath(name), signal)
      if (lock.isCurrent) return lock
      await lock[Symbol.asyncDispose]()
    }
  }

  #hidden(name: string, identifier: string, end: 'building' | 'gone'): string {
    return join(this.root, `.${name}.${identifier}.${end}`)
  }

  #lockPath(name: string): string {
    return join(this.root, `.${name}.lock`)
  }

  #folderOf(name: string): string {
    const parsed = templateName.safeParse(name)
    if (parsed.success) return join(this.root, parsed.data)
    throw new SeeError(
      'CONFIGURATION_INVALID',
      `${JSON.stringify(name)} is no name: ${parsed.error.issues[0]?.message}`,
    )
  }

  async #missing(name: string): Promise<SeeError> {
    const others = await this.list()
    const there = others.length === 0 ? 'there is none' : `there are: ${others.join(', ')}`
    const why = `it is not in ${this.root} (${there}); build it: npx see template build RESOURCES.json ${name}`
    return templateError('TEMPLATE_MISSING', name, why)
  }
}

/** Loaded with the first template that is opened: an import of this package does without. */
async function readers() {
  return await Promise.all([import('./manifest.ts'), import('./trusted-files.ts')])
}

async function beginLedger(): Promise<EnvironmentLedger> {
  const { EnvironmentLedger } = await import('../ledger/environment-ledger.ts')
  return EnvironmentLedger.begin(randomUUID())
}

async function manifestText(folder: string): Promise<string> {
  return readRegularFile(join(folder, MANIFEST), CONFIGURATION_BYTES)
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
