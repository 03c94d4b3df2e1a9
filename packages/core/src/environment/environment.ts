import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ContextFactory } from '../context/context-factory.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { Hooks } from '../hooks/hooks-in-code.ts'
import type { HookBounds } from '../hooks/hook-bounds.ts'
import type { Deadline } from '../common/deadline.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import type { HooksEnd } from './hooks-end.ts'
import { createLogger } from '../common/logger.ts'
import { ReleaseStack, releaseAfter } from '../common/release-stack.ts'
import type { Resources } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import { environmentBoundsMs } from '../common/bounds-ms.ts'
import { bounded } from '../common/bounded.ts'
import { unlessAborted, withTimeout } from '../common/with-timeout.ts'

interface Ending {
  readonly handlersTimeoutMs: number
  readonly deadline: Deadline
  readonly hooksEnd: HooksEnd
}

/** A test case's sandbox and hooks, from `allocate` to `deallocate`. One you can hold is allocated. */
export class Environment<R extends Resources = Resources> implements AsyncDisposable {
  /** Names everything that belongs to the environment, inside and outside this process. */
  readonly identifier: string
  readonly context: SeeContext<R>
  readonly #releases: ReleaseStack
  readonly #ending: Ending
  #deallocation: Promise<void> | undefined

  private constructor(context: SeeContext<R>, releases: ReleaseStack, ending: Ending) {
    this.identifier = context.identifier
    this.context = context
    this.#releases = releases
    this.#ending = ending
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
    const { signal, deadlineMs = environmentBoundsMs.deadline } = options
    signal?.throwIfAborted()
    const { Deadline } = await import('../common/deadline.ts')
    const deadline = new Deadline(`environment ${identifier}`, deadlineMs)
    const ends = [deadline.signal, ...(signal === undefined ? [] : [signal])]
    try {
      const given = { ...options, identifier, signal: AbortSignal.any(ends) }
      return await Environment.#allocate(factory, hooks, given, deadline)
    } catch (error) {
      deadline[Symbol.dispose]()
      throw error
    }
  }

  static async #allocate<R extends Resources, const Classes extends readonly unknown[]>(
    factory: ContextFactory<SeeContext<R>>,
    hooks: Hooks<Classes>,
    options: EnvironmentOptions & { readonly identifier: string; readonly signal: AbortSignal },
    deadline: Deadline,
  ): Promise<Environment<R>> {
    const { identifier, signal, handlersTimeoutMs = environmentBoundsMs.handlers } = options
    const logger = (options.logger ?? createLogger()).child({ identifier })
    const { keepFromNowOn } = await import('../reaper/keeper.ts')
    keepFromNowOn()
    void import('../reaper/reap-gently.ts').then(({ reapGently }) => reapGently())
    signal.throwIfAborted()
    const { apart, HooksEnd, loadHooks, makeContext, misspeltEvents, setUpHooks } = await hookLoading()
    const loaded = await unlessAborted(signal, loadHooks(hooks))
    for (const { name, error } of loaded.missing)
      logger.warn({ hook: name, err: error }, 'optional hook left out')
    const context = await makeContext(factory, identifier, { signal, logger })
    const releases = new ReleaseStack()
    releases.defer('the sandbox', () => context.cleanup(), environmentBoundsMs.sandbox)
    const hurries = [deadline.signal, ...(options.hurry === undefined ? [] : [options.hurry])]
    const hooksEnd = new HooksEnd(AbortSignal.any(hurries))
    const shared = () => hooksEnd.cleanUps.spend('what hooks share', () => context.endShared())
    releases.defer('what hooks share', shared, Number.POSITIVE_INFINITY)
    const environment = new Environment(context, releases, { handlersTimeoutMs, deadline, hooksEnd })
    const { cleanUps: budget, over } = hooksEnd
    const setUpOptions = { releases, bounds: boundsIn(options), budget, over }
    const setUp = apart(() => setUpHooks(context, loaded.hooks, setUpOptions))
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
      const settled = setUp.catch(() => undefined)
      releases.defer(what, () => hooksEnd.handlers.spend(what, () => settled), handlersTimeoutMs)
      await releaseAfter(error, () => environment.deallocate())
    }
    environment.#heedDeadline()
    return environment
  }

  /**
   * Aborts the context's signal, waits for the handlers and transitions that are running, cleans the hooks up in
   * reverse and releases the sandbox, whatever fails on the way. A second call waits for the first, as does one after the
   * deadline.
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
    const { handlersTimeoutMs, deadline, hooksEnd } = this.#ending
    const { handlers } = hooksEnd
    const settled = () => awaitHandlers(context, handlersTimeoutMs, hooksEnd.over)
    const ended = () => handlers.spend('the end of handlers', settled)
    this.#releases.defer('handlers', ended, Number.POSITIVE_INFINITY)
    context.abort(deadline.signal.reason)
    try {
      await this.#releases.release()
    } finally {
      context.close()
      hooksEnd.leave()
      deadline[Symbol.dispose]()
    }
  }

  #heedDeadline(): void {
    const { signal } = this.#ending.deadline
    const reached = (): void => void this.#deadlineReached()
    if (signal.aborted) reached()
    else signal.addEventListener('abort', reached, { once: true })
  }

  /** Its user may have gone: what cannot be released is logged. */
  async #deadlineReached(): Promise<void> {
    const { context } = this
    if (this.#deallocation !== undefined) return
    try {
      const deadlineMs = Math.round(this.#ending.deadline.deadlineMs ?? 0)
      const fired = context.trigger('deadline_reached', { deadline_ms: deadlineMs })
      await withTimeout(
        environmentBoundsMs.deadlineEvent,
        fired,
        () => new Error('its handlers take too long'),
      ).catch((error: unknown) => context.logger.debug({ err: error }, 'deadline_reached'))
      await this.deallocate()
    } catch (error) {
      context.logger.error({ err: error }, `not released at the deadline: ${messageOf(error)}`)
    }
  }
}

/** Those that are given. */
function boundsIn(options: EnvironmentOptions): Partial<HookBounds> {
  const { setupTimeoutMs, eachHandlerTimeoutMs, cleanupTimeoutMs } = options
  return {
    ...(setupTimeoutMs === undefined ? {} : { setupTimeoutMs }),
    ...(eachHandlerTimeoutMs === undefined ? {} : { eachHandlerTimeoutMs }),
    ...(cleanupTimeoutMs === undefined ? {} : { cleanupTimeoutMs }),
  }
}

/** Loaded with the first environment: an import of this package does without. */
async function hookLoading() {
  const [{ loadHooks }, { setUpHooks }, { misspeltEvents }] = await Promise.all([
    import('../hooks/load-hooks.ts'),
    import('../hooks/hook-manager.ts'),
    import('../events/misspelt-events.ts'),
  ])
  const [{ apart }, { HooksEnd }, { makeContext }] = await Promise.all([
    import('../common/apart.ts'),
    import('./hooks-end.ts'),
    import('./make-context.ts'),
  ])
  return { apart, HooksEnd, loadHooks, makeContext, misspeltEvents, setUpHooks }
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

async function awaitHandlers(context: SeeContext, timeoutMs: number, over: AbortSignal): Promise<void> {
  const tooLong = (): SeeError => {
    const names = context.running.join(', ') || 'a synchronous one, or a transition'
    return new SeeError(
      'HANDLERS_TIMEOUT',
      `handlers still running ${timeoutMs} ms after the end of their environment: ${names}; let them wait on context.signal`,
    )
  }
  await withTimeout(timeoutMs, context.settled(), tooLong, over)
}
