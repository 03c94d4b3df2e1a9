import { rm } from 'node:fs/promises'
import { SeeError } from '../common/errors.ts'
import { isCoded } from '../common/is-coded.ts'
import type { Journal, JournalEntry, Recorded } from '../common/journal.ts'
import type { OwnerRecord } from '../common/owner-record.ts'
import { poll } from '../common/poll.ts'
import { AppendFile } from './append-file.ts'
import { ledgerFolder, ledgerPath, unfinishedLedger, unusableLedger } from './ledger-folder.ts'
import { formatLine, LEDGER_VERSION } from './ledger-lines.ts'
import { holdOwner, type Owner } from './owner.ts'
import { readLedger } from './read-ledger.ts'
import { ownerState } from './owner-state.ts'
import { publishStep, type Step } from './steps.ts'

/** The keeper of a process that was killed removes what it left. */
const FREED_WITHIN_MS = 5000

/** Ledgers of this process, by their paths. */
const open = new Map<string, EnvironmentLedger>()

/**
 * The ledger of one environment: a file of lines that names everything that outlives this process, from before it is made
 * until it is undone. There is no file while there is nothing.
 */
export class EnvironmentLedger implements Journal {
  readonly identifier: string
  readonly #folder: string
  /** The numbers of the entries that are not undone. */
  readonly #left = new Set<number>()
  #owner: Promise<Owner> | undefined
  #file: AppendFile | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #count = 0

  private constructor(identifier: string, folder: string) {
    this.identifier = identifier
    this.#folder = folder
  }

  /** @throws SeeError `IDENTIFIER_TAKEN` when this process has one of the identifier */
  static begin(identifier: string, folder = ledgerFolder()): EnvironmentLedger {
    const path = ledgerPath(folder, identifier)
    if (open.has(path)) throw taken(path, 'it is an environment of this process')
    const ledger = new EnvironmentLedger(identifier, folder)
    open.set(path, ledger)
    return ledger
  }

  /** The one of this process that has the identifier. */
  static of(identifier: string, folder = ledgerFolder()): EnvironmentLedger | undefined {
    return open.get(ledgerPath(folder, identifier))
  }

  /**
   * @throws SeeError `LEDGER_UNUSABLE`, `DISK_FULL`, or `IDENTIFIER_TAKEN` when another process has the identifier or was
   * killed while it had it
   */
  async record(entry: JournalEntry, provider?: string): Promise<Recorded> {
    const number = await this.#inTurn(() => this.#record(entry, provider))
    const { what } = entry
    this.#publish('recorded', what)
    return {
      made: () => this.#publish('made', what),
      undoing: () => this.#publish('undoing', what),
      undone: async () => {
        await this.#inTurn(() => this.#strikeOut(number))
        this.#publish('undone', what)
      },
    }
  }

  /** Until the environment ends. @throws SeeError `LEDGER_UNUSABLE` or `DISK_FULL` */
  async owner(): Promise<OwnerRecord> {
    return await this.#inTurn(async () => (await this.#hold()).record)
  }

  /** Does the last work of the environment, and ends its ledger whatever comes of it. */
  async endAfter<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } finally {
      await this.end()
    }
  }

  /** Leaves what has not been undone to others, also while this process lives. */
  async end(): Promise<void> {
    await this.#inTurn(async () => {
      if (open.get(this.#path) === this) open.delete(this.#path)
      await this.#file?.append(formatLine({ ended: true })).catch(() => undefined)
      await this.#close()
      const owner = await this.#owner
      this.#owner = undefined
      owner?.[Symbol.dispose]()
    })
  }

  #publish(step: Step, what: string): void {
    publishStep({ identifier: this.identifier, step, what })
  }

  async #record(
    { kind, what, payload, isLasting }: JournalEntry,
    provider: string | undefined,
  ): Promise<number> {
    const entry = this.#count + 1
    const line = formatLine({ entry, ...(provider === undefined ? {} : { provider }), kind, what, payload })
    if (this.#file === undefined) this.#file = await this.#create(line)
    else await this.#file.append(line).catch((error: unknown) => this.#refuse(error))
    if (isLasting === true) this.#file.sync()
    this.#count = entry
    this.#left.add(entry)
    return entry
  }

  get #path(): string {
    return ledgerPath(this.#folder, this.identifier)
  }

  async #hold(): Promise<Owner> {
    this.#owner ??= holdOwner(this.#folder)
    try {
      return await this.#owner
    } catch (error) {
      this.#owner = undefined
      throw error
    }
  }

  /** With its first entry, so that there is never one without. */
  async #create(line: string): Promise<AppendFile> {
    const { record } = await this.#hold()
    const head = formatLine({ version: LEDGER_VERSION, identifier: this.identifier, owner: record })
    const create = () => {
      return AppendFile.create(this.#path, head + line, unfinishedLedger(this.#path, record.socket))
    }
    return await create().catch(async (error: unknown) => {
      if (!isCoded(error, 'EEXIST')) return this.#refuse(error)
      await this.#freed()
      return await create().catch((again: unknown) => this.#refuse(again))
    })
  }

  #refuse(error: unknown): never {
    throw unusableLedger(this.#path, error)
  }

  /** What a process left that was killed just now may be being removed. @throws SeeError `IDENTIFIER_TAKEN` */
  async #freed(): Promise<void> {
    const path = this.#path
    const left = () => taken(path, 'a process that was killed has left things of it; run `npx see reap`')
    const isFree = async (): Promise<true | undefined> => {
      const found = await readLedger(this.#folder, this.identifier)
      if (found === undefined) return true
      if (found.state === 'torn') return undefined
      if (found.state === 'unreadable') throw taken(path, found.why)
      const { owner, isEnded } = found.content
      if (isEnded) throw left()
      if ((await ownerState(owner)) !== 'dead') throw taken(path, `process ${owner.pid} has it`)
      return undefined
    }
    await poll(isFree, left, { timeoutMs: FREED_WITHIN_MS, intervalMs: 50 })
  }

  /** An entry that cannot be struck out stays: undoing it twice does no harm. */
  async #strikeOut(entry: number): Promise<void> {
    if (this.#file === undefined || !this.#left.delete(entry)) return
    if (this.#left.size > 0) {
      await this.#file.append(formatLine({ undone: entry })).catch(() => undefined)
      return
    }
    await rm(this.#path, { force: true })
    await this.#close()
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#left.clear()
    await file?.close()
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

function taken(path: string, why: string): SeeError {
  return new SeeError('IDENTIFIER_TAKEN', `${path} exists: ${why}`)
}
