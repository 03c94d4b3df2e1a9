import type { ContextFactory } from '../context/context-factory.ts'
import { Environment } from './environment.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { Hooks } from '../hooks/hooks-in-code.ts'
import { releaseAfter } from '../common/release-stack.ts'
import type { Resources } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import type { WarmPoolOptions, WarmPoolSettings } from './warm-pool-options.ts'

/** Each failure in a row doubles the wait before the next try, this often. */
const MOST_DOUBLINGS = 6

/** Sandboxes that are powered on, prepared and paused until they are allocated; each is replaced in the background. */
export class WarmPool<R extends Resources = Resources> implements AsyncDisposable {
  readonly #factory: ContextFactory<SeeContext<R>>
  readonly #settings: WarmPoolSettings<R>
  readonly #closing = new AbortController()
  readonly #waiting: SeeContext<R>[] = []
  readonly #working = new Set<Promise<void>>()
  #filling = 0
  #failuresInARow = 0
  #retry: NodeJS.Timeout | undefined
  #failure: unknown
  #firstFilling: { readonly done: () => void; readonly failed: (error: unknown) => void } | undefined
  readonly #leftBehind: unknown[] = []
  #closed: Promise<void> | undefined

  private constructor(factory: ContextFactory<SeeContext<R>>, settings: WarmPoolSettings<R>) {
    this.#factory = factory
    this.#settings = settings
  }

  /**
   * Makes a pool and fills it.
   * @throws why a sandbox could not be made; everything that was made by then is released
   */
  static async create<R extends Resources>(
    factory: ContextFactory<SeeContext<R>>,
    options: WarmPoolOptions<R>,
  ): Promise<WarmPool<R>> {
    const { withDefaults } = await import('./warm-pool-options.ts')
    const settings = withDefaults(options)
    const { keepFromNowOn } = await import('../reaper/keeper.ts')
    keepFromNowOn()
    const { signal } = options
    signal?.throwIfAborted()
    const pool = new WarmPool(factory, settings)
    signal?.addEventListener('abort', () => pool.#closeBecause(signal.reason), {
      signal: pool.#closing.signal,
    })
    const filled = new Promise<void>((done, failed) => {
      pool.#firstFilling = { done, failed }
    })
    pool.#refill()
    try {
      await filled
    } catch (error) {
      return await releaseAfter(error, () => pool.close())
    }
    return pool
  }

  /** How many stand ready. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Why the last sandbox could not be made; undefined when it could. */
  get failure(): unknown {
    return this.#failure
  }

  /**
   * Allocates an environment over a sandbox that waits: its `poweron` only lets the guest go on. When none waits, one is
   * made as without a pool.
   * @throws SeeError `POOL_CLOSED`, and whatever `Environment.allocate` throws
   */
  async allocate<const Classes extends readonly unknown[] = readonly unknown[]>(
    hooks?: Hooks<Classes>,
    options: Omit<EnvironmentOptions, 'identifier'> = {},
  ): Promise<Environment<R>> {
    options.signal?.throwIfAborted()
    const taking = this.#take()
    this.#track(
      taking.then(
        () => undefined,
        () => undefined,
      ),
    )
    const sandbox = await taking
    if (sandbox === undefined) return await Environment.allocate(this.#factory, hooks, options)
    let isHandedOut = false
    const handOut: ContextFactory<SeeContext<R>> = async (_identifier, { logger }) => {
      const { WarmContext } = await import('./warm-context.ts')
      isHandedOut = true
      return new WarmContext(sandbox, logger)
    }
    try {
      const { identifier } = sandbox
      return await Environment.allocate(handOut, hooks, { ...options, identifier })
    } finally {
      if (!isHandedOut) await this.#putBack(sandbox)
      this.#refill()
    }
  }

  /**
   * Stops filling and releases every sandbox that waits. Environments that were allocated are their owners'.
   * @throws AggregateError with whatever could not be released
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#closing.abort(new SeeError('POOL_CLOSED', 'the warm pool is closed'))
    this.#firstFilling?.failed(this.#closing.signal.reason)
    while (this.#working.size > 0) await Promise.all(this.#working)
    await Promise.all(this.#waiting.splice(0).map((sandbox) => this.#discard(sandbox)))
    if (this.#leftBehind.length === 0) return
    const what = this.#leftBehind.map(messageOf).join('; ')
    throw new AggregateError(this.#leftBehind, `a warm pool left something behind: ${what}`)
  }

  #closeBecause(reason: unknown): void {
    this.#closing.abort(reason)
    this.close().catch((error: unknown) =>
      this.#settings.logger.error({ err: error }, 'warm pool not released'),
    )
  }

  /** The oldest that is still alive. Dead ones are replaced. */
  async #take(): Promise<SeeContext<R> | undefined> {
    for (;;) {
      if (this.#closing.signal.aborted) {
        throw new SeeError('POOL_CLOSED', 'nothing can be allocated from a warm pool that is closed')
      }
      const sandbox = this.#waiting.shift()
      if (sandbox === undefined) return undefined
      const { standsStill } = await import('./warm-sandbox.ts')
      if (await standsStill(sandbox)) return sandbox
      this.#settings.logger.warn({ identifier: sandbox.identifier }, 'a sandbox died while it waited')
      this.#track(this.#discard(sandbox))
      this.#refill()
    }
  }

  /** What was taken and not used, since the hooks could not be loaded say. */
  async #putBack(sandbox: SeeContext<R>): Promise<void> {
    if (this.#closing.signal.aborted || this.#waiting.length >= this.#settings.size)
      await this.#discard(sandbox)
    else this.#waiting.unshift(sandbox)
  }

  #refill(): void {
    const { size, parallel } = this.#settings
    const { signal } = this.#closing
    if (signal.aborted || this.#retry !== undefined) return
    for (const missing = size - this.#waiting.length; this.#filling < Math.min(parallel, missing); ) {
      this.#filling++
      this.#track(this.#fill(signal))
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const { prepare, fillTimeoutMs: timeoutMs, logger } = this.#settings
    try {
      const { warmSandbox } = await import('./warm-sandbox.ts')
      this.#waiting.push(await warmSandbox(this.#factory, { prepare, timeoutMs, signal, logger }))
      this.#failure = undefined
      this.#failuresInARow = 0
      if (this.#waiting.length >= this.#settings.size) this.#firstFilling?.done()
    } catch (error) {
      if (!signal.aborted) this.#failed(error)
      else if (error !== signal.reason) this.#leftBehind.push(error)
    } finally {
      this.#filling--
    }
    this.#refill()
  }

  #failed(error: unknown): void {
    const { logger, retryMs } = this.#settings
    this.#failure = error
    this.#firstFilling?.failed(error)
    const waitMs = retryMs * 2 ** Math.min(this.#failuresInARow++, MOST_DOUBLINGS)
    logger.warn({ err: error, retryMs: waitMs }, 'a sandbox of a warm pool could not be made')
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#refill()
    }, waitMs)
  }

  /** Only `close` waits for it. */
  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#working.delete(tracked))
    this.#working.add(tracked)
  }

  async #discard(sandbox: SeeContext<R>): Promise<void> {
    try {
      const { releaseSandbox } = await import('./warm-sandbox.ts')
      await releaseSandbox(sandbox)
    } catch (error) {
      this.#settings.logger.error({ err: error }, 'a sandbox of a warm pool could not be released')
      this.#leftBehind.push(error)
    }
  }
}
