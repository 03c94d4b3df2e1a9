import { runFor } from '../events/actor.ts'
import type { Owner } from '../events/owner.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { HookClass } from './hook.ts'
import type { LoadedHook } from './load-hooks.ts'
import { inHurry } from '../common/in-hurry.ts'
import type { ReleaseStack } from '../common/release-stack.ts'
import type { SeeContext } from '../context/see-context.ts'

interface SetUpOptions {
  /** Takes the hooks' clean-ups. */
  readonly releases: ReleaseStack
  readonly cleanupTimeoutMs: number | undefined
  /** Once it aborts, clean-ups are waited for only briefly. */
  readonly hurry: AbortSignal
}

/**
 * Constructs the hooks and sets them up, in order; their cleanups are pushed on `releases`. One whose set-up throws
 * fails the whole, unless it is optional: then it hears of no event any more.
 * @throws SeeError `HOOK_SETUP`, naming the hook
 */
export async function setUpHooks(
  context: SeeContext,
  hooks: readonly LoadedHook[],
  { releases, cleanupTimeoutMs, hurry }: SetUpOptions,
): Promise<void> {
  for (const hook of hooks) {
    context.signal.throwIfAborted()
    const owner: Owner = { name: hook.name }
    const logger = context.logger.child({ hook: hook.name })
    try {
      const { identifier } = context
      const { configuration } = hook
      const instance = runFor(owner, () => new hook.Class({ identifier, context, configuration, logger }))
      if (instance.cleanup !== undefined) {
        const what = `hook ${hook.name}`
        const cleaned = () => inHurry(what, hurry, cleanUp(hook, owner, instance))
        releases.defer(what, cleaned, cleanupTimeoutMs)
      }
      await runFor(owner, () => instance.setup?.())
    } catch (error) {
      if (!hook.optional) {
        const message = `${hook.where}: hook ${hook.name} cannot be set up: ${messageOf(error)}`
        throw new SeeError('HOOK_SETUP', message, { cause: error })
      }
      context.unsubscribeAll(owner)
      logger.warn({ err: error }, 'optional hook left out')
    }
  }
}

async function cleanUp(hook: LoadedHook, owner: Owner, instance: InstanceType<HookClass>): Promise<void> {
  try {
    await runFor(owner, () => instance.cleanup?.())
  } catch (error) {
    const message = `${hook.where}: hook ${hook.name} cannot be cleaned up: ${messageOf(error)}`
    throw new SeeError('HOOK_CLEANUP', message, { cause: error })
  }
}
