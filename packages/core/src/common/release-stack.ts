import { messageOf, SeeError } from './errors.ts'
import { type Journal, type JournalEntry, noJournal, type Recorded } from './journal.ts'
import type { OwnerRecord } from './owner-record.ts'
import { withTimeout } from './with-timeout.ts'

interface Release {
  readonly what: string
  readonly release: () => unknown
  readonly timeoutMs: number
  readonly recorded: Recorded | undefined
}

const DEFAULT_TIMEOUT_MS = 30_000

/** Remembers how to release what was made; releases last in, first out, whatever fails on the way. */
export class ReleaseStack {
  readonly #journal: Journal
  readonly #provider: string | undefined
  readonly #releases: Release[] = []
  #current: string | undefined

  /**
   * @param journal where what outlives the process is recorded
   * @param provider the name of the provider that makes it
   */
  constructor(journal: Journal = noJournal, provider?: string) {
    this.#journal = journal
    this.#provider = provider
  }

  /** This process as the owner of what is recorded; undefined where nothing is. @throws SeeError when it cannot be one */
  owner(): Promise<OwnerRecord | undefined> {
    return this.#journal.owner()
  }

  /** Another stack, of the same maker, for what goes before the rest does. */
  branch(): ReleaseStack {
    return new ReleaseStack(this.#journal, this.#provider)
  }

  /** The thing that is being released; undefined when none is. */
  get current(): string | undefined {
    return this.#current
  }

  /**
   * For what ends with this process.
   * @param what names the thing, for the error
   * @param timeoutMs after which the next release goes ahead
   */
  defer(what: string, release: () => unknown, timeoutMs?: number): void
  /**
   * For what outlives this process: to be awaited before the thing is made. The entry is struck out once `release` has
   * succeeded; when that fails or takes too long, the entry stays for `see reap`. What was never made has to be released
   * without an error.
   * @throws SeeError when the entry cannot be written; then nothing must be made
   */
  defer(entry: JournalEntry, release: () => unknown, timeoutMs?: number): Promise<Recorded>
  defer(
    thing: string | JournalEntry,
    release: () => unknown,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<Recorded> | undefined {
    if (typeof thing !== 'string') return this.#recordThenDefer(thing, release, timeoutMs)
    this.#releases.push({ what: thing, release, timeoutMs, recorded: undefined })
    return undefined
  }

  /**
   * Releases everything. Nothing is released twice: a second call releases only what was added since.
   * @throws AggregateError with every failure
   */
  async release(): Promise<void> {
    const errors: unknown[] = []
    for (let next = this.#releases.pop(); next !== undefined; next = this.#releases.pop()) {
      this.#current = next.what
      try {
        await releaseOne(next)
      } catch (error) {
        errors.push(error)
      }
    }
    this.#current = undefined
    if (errors.length > 0) throw new AggregateError(errors, aggregateMessage(errors))
  }

  async #recordThenDefer(entry: JournalEntry, release: () => unknown, timeoutMs: number): Promise<Recorded> {
    const recorded = await this.#journal.record(entry, this.#provider)
    this.#releases.push({ what: entry.what, release, timeoutMs, recorded })
    return recorded
  }
}

async function releaseOne({ what, release, timeoutMs, recorded }: Release): Promise<void> {
  recorded?.undoing()
  await withTimeout(timeoutMs, Promise.resolve().then(release), () => {
    return new SeeError('RELEASE_TIMEOUT', `releasing ${what} took longer than ${timeoutMs} ms`)
  })
  await recorded?.undone()
}

/** Releases after a failure and throws it; in an AggregateError with every failure of the release if that fails too. */
export async function releaseAfter(failure: unknown, release: () => Promise<void>): Promise<never> {
  try {
    await release()
  } catch (error) {
    const message = `${messageOf(failure)}; ${messageOf(error)}`
    const others: unknown[] = error instanceof AggregateError ? error.errors : [error]
    throw new AggregateError([failure, ...others], message, { cause: error })
  }
  throw failure
}

function aggregateMessage(errors: readonly unknown[]): string {
  const messages = errors.map(messageOf)
  return `not everything could be released: ${messages.join('; ')}`
}
