import { SeeError } from '../common/errors.ts'
import type { FoundEnvironment, LeftEntry, Leftovers, Undoer, UndoOptions } from '../contract/left.ts'
import { hostKinds } from '../ledger/host-entries.ts'
import { registeredProviders } from '../providers/registry.ts'
import type { ReaperProblem } from './listed-environment.ts'
import { undoHostEntry } from './undo-host-entry.ts'

/** The undoers of all providers, each opened when it is first needed, and closed at the end. */
export class Undoers implements AsyncDisposable {
  readonly #open = new Map<Leftovers, Promise<Undoer>>()

  /** @throws SeeError when it cannot be undone now, or by this SEE; the entry is then kept */
  async undo(identifier: string, entry: LeftEntry, options: UndoOptions): Promise<void> {
    const leftovers = leftoversOf(entry)
    if (leftovers !== undefined) {
      const undoer = await this.#opened(leftovers)
      await undoer.undo(identifier, entry, options)
    } else if (hostKinds.includes(entry.kind)) {
      await undoHostEntry(identifier, entry, options)
    } else {
      const provider = entry.provider === undefined ? '' : ` of the provider ${entry.provider}`
      throw new SeeError(
        'UNDO_FAILED',
        `this SEE does not know what "${entry.kind}"${provider} is: run the version that made ${entry.what}`,
      )
    }
  }

  /** Whether such a thing may still come into being when its process has ended. */
  settles(entry: LeftEntry): boolean {
    return leftoversOf(entry)?.settling?.includes(entry.kind) === true
  }

  /** Environments without a ledger, and which providers cannot be asked. */
  async find(options: UndoOptions): Promise<{
    readonly found: readonly FoundEnvironment[]
    readonly problems: readonly ReaperProblem[]
  }> {
    const found: FoundEnvironment[] = []
    const problems: ReaperProblem[] = []
    const asked = new Set<Leftovers>()
    for (const { title, leftovers } of registeredProviders()) {
      if (leftovers === undefined || asked.has(leftovers)) continue
      asked.add(leftovers)
      try {
        const undoer = await this.#opened(leftovers)
        found.push(...((await undoer.find?.(options)) ?? []))
      } catch (error) {
        options.signal.throwIfAborted()
        problems.push({ what: title, error })
      }
    }
    return { found, problems }
  }

  /** Removes what is empty and of no single environment, where that is possible now. */
  async sweep(options: UndoOptions): Promise<void> {
    for (const opening of this.#open.values()) {
      const undoer = await opening.catch(() => undefined)
      await undoer?.sweep?.(options).catch(() => undefined)
    }
    options.signal.throwIfAborted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    await Promise.allSettled(
      opened.map(async (each) => {
        if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]()
      }),
    )
  }

  /** One that could not be opened is not tried again. */
  #opened(leftovers: Leftovers): Promise<Undoer> {
    const known = this.#open.get(leftovers) ?? leftovers.undoer()
    this.#open.set(leftovers, known)
    return known
  }
}

/** By the provider that made it, or else by the kind, which several providers may share. */
function leftoversOf({ provider, kind }: LeftEntry): Leftovers | undefined {
  const providers = registeredProviders()
  const own = providers.find(({ name }) => name === provider)
  const knows = (each: { readonly leftovers?: Leftovers }) => each.leftovers?.kinds.includes(kind) === true
  return (own !== undefined && knows(own) ? own : providers.find(knows))?.leftovers
}
