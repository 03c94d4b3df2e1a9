import { runFor } from '../events/actor.ts'
import type { Owner } from '../events/owner.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { HookClass } from './hook.ts'
import type { LoadedHook } from './load-hooks.ts'
import type { EndBudget } from '../common/end-budget.ts'
import { defaultHookBounds, type HookBounds } from './hook-bounds.ts'
import type { ReleaseStack } from '../common/release-stack.ts'
import type { SeeContext } from '../context/see-context.ts'
import { withTimeout } from '../common/with-timeout.ts'

interface SetUpOptions {
  /** Takes the hooks' clean-ups. */
  readonly releases: ReleaseStack
  /** The bounds of each hook whose configuration has no others. */
  readonly bounds: Partial<HookBounds>
  /** What is left for clean-ups. */
  readonly budget: EndBudget
  /** Aborts when a set-up that has not ended is left behind with its environment. */
  readonly over: AbortSignal
}

/**
 * Constructs the hooks and sets them up, in order; their cleanups are pushed on `releases`. One whose set-up throws
 * or takes too long fails the whole, unless it is optional: then it hears of no event any more.
 * @throws SeeError `HOOK_SETUP` or `HOOK_TIMEOUT`, naming the hook
 */
export async function setUpHooks(
  context: SeeContext,
  hooks: readonly LoadedHook[],
  { releases, bounds, budget, over }: SetUpOptions,
): Promise<void> {
  for (const hook of hooks) {
    context.signal.throwIfAborted()
    const { setupTimeoutMs, eachHandlerTimeoutMs, cleanupTimeoutMs } = {
      ...defaultHookBounds,
      ...bounds,
      ...hook.bounds,
    }
    const owner: Owner = { name: hook.name, eachHandlerTimeoutMs }
    const logger = context.logger.child({ hook: hook.name })
    try {
      const { identifier } = context
      const { configuration } = hook
      const instance = runFor(owner, () => new hook.Class({ identifier, context, configuration, logger }))
      if (instance.cleanup !== undefined) {
        const what = `hook ${hook.name}`
        const cleaned = () => budget.spend(what, () => cleanUp(hook, owner, instance))
        releases.defer(what, cleaned, cleanupTimeoutMs)
      }
      const setUp = Promise.resolve(runFor(owner, () => instance.setup?.()))
      await withTimeout(setupTimeoutMs, setUp, () => tooLong(hook, setupTimeoutMs), over)
    } catch (error) {
      if (!hook.optional) {
        if (error instanceof SeeError && error.code === 'HOOK_TIMEOUT') throw error
        const message = `${hook.where}: hook ${hook.name} cannot be set up: ${messageOf(error)}`
        throw new SeeError('HOOK_SETUP', message, { cause: error })
      }
      context.unsubscribeAll(owner)
      logger.warn({ err: error }, 'optional hook left out')
    }
  }
}

function tooLong({ where, name }: LoadedHook, timeoutMs: number): SeeError {
  return new SeeError(
    'HOOK_TIMEOUT',
    `${where}: the set-up of hook ${name} took longer than ${timeoutMs} ms, and was left behind; raise setup_timeout`,
  )
}

async function cleanUp(hook: LoadedHook, owner: Owner, instance: InstanceType<HookClass>): Promise<void> {
  try {
    await runFor(owner, () => instance.cleanup?.())
  } catch (error) {
    const message = `${hook.where}: hook ${hook.name} cannot be cleaned up: ${messageOf(error)}`
    throw new SeeError('HOOK_CLEANUP', message, { cause: error })
  }
}
