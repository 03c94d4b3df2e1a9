import { messageOf, SeeError } from './errors.ts'
import { withTimeout } from './with-timeout.ts'

interface Release {
  readonly what: string
  readonly release: () => unknown
  readonly timeoutMs: number
}

const DEFAULT_TIMEOUT_MS = 30_000
/** A sandbox is many things. */
export const SANDBOX_TIMEOUT_MS = 120_000

/** Remembers how to release what was made; releases last in, first out, whatever fails on the way. */
export class ReleaseStack {
  readonly #releases: Release[] = []
  #current: string | undefined

  /** The thing that is being released; undefined when none is. */
  get current(): string | undefined {
    return this.#current
  }

  /**
   * @param what names the thing, for the error
   * @param timeoutMs after which the next release goes ahead
   */
  defer(what: string, release: () => unknown, timeoutMs = DEFAULT_TIMEOUT_MS): void {
    this.#releases.push({ what, release, timeoutMs })
  }

  /**
   * Releases everything. Nothing is released twice: a second call releases only what was added since.
   * @throws AggregateError with every failure
   */
  async release(): Promise<void> {
    const errors: unknown[] = []
    for (let next = this.#releases.pop(); next !== undefined; next = this.#releases.pop()) {
      const { what, release, timeoutMs } = next
      this.#current = what
      try {
        await withTimeout(timeoutMs, Promise.resolve().then(release), () => {
          return new SeeError('RELEASE_TIMEOUT', `releasing ${what} took longer than ${timeoutMs} ms`)
        })
      } catch (error) {
        errors.push(error)
      }
    }
    this.#current = undefined
    if (errors.length > 0) throw new AggregateError(errors, aggregateMessage(errors))
  }
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
