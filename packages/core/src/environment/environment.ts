import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ContextFactory } from '../context/context-factory.ts'
import { SeeError } from '../common/errors.ts'
import type { Hooks } from '../hooks/hooks-in-code.ts'
import { inHurry } from '../common/in-hurry.ts'
import { createLogger, type Logger } from '../common/logger.ts'
import { ReleaseStack, releaseAfter, SANDBOX_TIMEOUT_MS } from '../common/release-stack.ts'
import type { Resources } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import { bounded } from '../common/bounded.ts'
import { unlessAborted, withTimeout } from '../common/with-timeout.ts'

const HANDLERS_TIMEOUT_MS = 10_000

export interface EnvironmentOptions {
  /** A UUID; a new one when not given. */
  readonly identifier?: string
  /** Aborts the allocation; what exists by then is released. */
  readonly signal?: AbortSignal
  readonly logger?: Logger
  /** How long handlers may go on once the environment ends, in milliseconds; ten seconds when not given. */
  readonly handlersTimeoutMs?: number
  /** How long each hook's cleanup may take, in milliseconds; thirty seconds when not given. */
  readonly cleanupTimeoutMs?: number
  /**
   * Says that the caller fires no event that is not declared. Where all hooks are stock ones, each that is configured and
   * not declared is then warned of; else those that resemble a declared one.
   */
  readonly firesDeclaredOnly?: boolean
  /**
   * Once it aborts, deallocation waits a second at most for each handler, set-up and clean-up of a hook. The sandbox is
   * released all the same.
   */
  readonly hurry?: AbortSignal
}

/** A test case's sandbox and hooks, from `allocate` to `deallocate`. One you can hold is allocated. */
export class Environment<R extends Resources = Resources> implements AsyncDisposable {
  /** Names everything that belongs to the environment, inside and outside this process. */
  readonly identifier: string
  readonly context: SeeContext<R>
  readonly #releases: ReleaseStack
  readonly #handlersTimeoutMs: number
  readonly #hurry: AbortSignal
  #deallocation: Promise<void> | undefined

  private constructor(
    context: SeeContext<R>,
    releases: ReleaseStack,
    { handlersTimeoutMs, hurry }: { readonly handlersTimeoutMs: number; readonly hurry: AbortSignal },
  ) {
    this.identifier = context.identifier
    this.context = context
    this.#releases = releases
    this.#handlersTimeoutMs = handlersTimeoutMs
    this.#hurry = hurry
  }

  /**
   * Checks the configuration and loads the hooks, then makes the sandbox and sets the hooks up.
   * @param hooks a path of a JSON file, or the configuration itself, in which a class may stand in place of a name, or
   * several of them: their hooks come one after the other, and the generic part of each goes over that of those before;
   * none when not given
   * @throws SeeError; whatever was made by then is released
   */
  static async allocate<R extends Resources, const Classes extends readonly unknown[] = readonly unknown[]>(
    factory: ContextFactory<SeeContext<R>>,
    hooks: Hooks<Classes> = [],
    options: EnvironmentOptions = {},
  ): Promise<Environment<R>> {
    const identifier = parseIdentifier(options.identifier ?? randomUUID())
    const signal = options.signal ?? new AbortController().signal
    const logger = (options.logger ?? createLogger()).child({ identifier })
    signal.throwIfAborted()
    const { loadHooks, misspeltEvents, setUpHooks } = await hookLoading()
    const loaded = await unlessAborted(signal, loadHooks(hooks))
    for (const { name, error } of loaded.missing)
      logger.warn({ hook: name, err: error }, 'optional hook left out')
    const context = await factory(identifier, { signal, logger })
    const releases = new ReleaseStack()
    releases.defer('the sandbox', () => context.cleanup(), SANDBOX_TIMEOUT_MS)
    const handlersTimeoutMs = options.handlersTimeoutMs ?? HANDLERS_TIMEOUT_MS
    const hurry = options.hurry ?? new AbortController().signal
    const shared = () => inHurry('what hooks share', hurry, context.endShared())
    releases.defer('what hooks share', shared, Number.POSITIVE_INFINITY)
    const environment = new Environment(context, releases, { handlersTimeoutMs, hurry })
    const { cleanupTimeoutMs } = options
    const setUp = setUpHooks(context, loaded.hooks, { releases, cleanupTimeoutMs, hurry })
    try {
      await unlessAborted(signal, setUp)
      const configured = loaded.hooks.flatMap(({ events }) => events)
      const isAllDeclared = options.firesDeclaredOnly === true && loaded.hooks.every(isStock)
      const facts = { ofEnvironment: context.declaredEvents, isAllDeclared }
      const misspelt = [...loaded.warnings, ...misspeltEvents(configured, facts)]
      for (const warning of misspelt) await context.warn(warning)
      for (const warning of context.resources.warnings ?? []) await context.warn(warning)
    } catch (error) {
      // A hook that is still being set up must not go on making things after they were cleaned up.
      const what = 'the set-up of hooks'
      const ended = () =>
        inHurry(
          what,
          hurry,
          setUp.catch(() => undefined),
        )
      releases.defer(what, ended, handlersTimeoutMs)
      await releaseAfter(error, () => environment.deallocate())
    }
    return environment
  }

  /**
   * Aborts the context's signal, waits for the handlers and transitions that are running, cleans the hooks up in
   * reverse and releases the sandbox, whatever fails on the way. A second call waits for the first.
   *
   * Each release has a bound of its own, two minutes for the sandbox. With `timeoutMs` or `signal` the caller waits no
   * longer than that; the releases go on in their order, and a further call waits for the rest.
   * @throws AggregateError with every failure; SeeError `RELEASE_TIMEOUT`, or the signal's reason, when it was given up
   */
  async deallocate(options: WaitOptions = {}): Promise<void> {
    this.#deallocation ??= this.#deallocate()
    const deallocation = this.#deallocation
    // The caller may be gone when it fails.
    deallocation.catch(() => undefined)
    await bounded(
      options,
      (timeoutMs) => this.#stillReleasing(timeoutMs),
      () => deallocation,
    )
  }

  #stillReleasing(timeoutMs: number): SeeError {
    return new SeeError(
      'RELEASE_TIMEOUT',
      `environment ${this.identifier} was not released within ${timeoutMs} ms, and is still releasing ${this.#releases.current ?? 'nothing'}; deallocate() again waits for the rest`,
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.deallocate()
  }

  async #deallocate(): Promise<void> {
    const { context } = this
    const timeoutMs = this.#handlersTimeoutMs
    const ended = () => inHurry('the end of handlers', this.#hurry, awaitHandlers(context, timeoutMs))
    this.#releases.defer('handlers', ended, Number.POSITIVE_INFINITY)
    context.abort()
    try {
      await this.#releases.release()
    } finally {
      context.close()
    }
  }
}

/** Loaded with the first environment: an import of this package does without. */
async function hookLoading() {
  const [{ loadHooks }, { setUpHooks }, { misspeltEvents }] = await Promise.all([
    import('../hooks/load-hooks.ts'),
    import('../hooks/hook-manager.ts'),
    import('../events/misspelt-events.ts'),
  ])
  return { loadHooks, setUpHooks, misspeltEvents }
}

function isStock({ name }: { readonly name: string }): boolean {
  return name.startsWith('@see/hooks#')
}

function parseIdentifier(identifier: string): string {
  if (z.guid().safeParse(identifier).success) return identifier.toLowerCase()
  throw new SeeError(
    'IDENTIFIER_INVALID',
    `"${identifier}" is not a UUID; give one such as ${randomUUID()}, or none to have one made`,
  )
}

async function awaitHandlers(context: SeeContext, timeoutMs: number): Promise<void> {
  await withTimeout(timeoutMs, context.settled(), () => {
    const names = context.running.join(', ') || 'a synchronous one, or a transition'
    return new SeeError(
      'HANDLERS_TIMEOUT',
      `handlers still running ${timeoutMs} ms after the end of their environment: ${names}; let them wait on context.signal`,
    )
  })
}
