import { withOrigin } from './actor.ts'
import { messageOf, SeeError } from './errors.ts'
import type { LoadedHook } from './hooks-configuration.ts'
import type { ReleaseStack } from './release-stack.ts'
import type { SeeContext } from './see-context.ts'

/**
 * Constructs the hooks and sets them up, in order; their cleanups are pushed on `releases`. A hook that is subscribed
 * half way when its set-up throws fails the whole, unless it is optional.
 * @throws SeeError `HOOK_SETUP`, naming the hook
 */
export async function setUpHooks(
  context: SeeContext,
  hooks: readonly LoadedHook[],
  releases: ReleaseStack,
): Promise<void> {
  for (const hook of hooks) {
    const logger = context.logger.child({ hook: hook.name })
    try {
      await withOrigin(hook.name, async () => {
        const { identifier } = context
        const instance = new hook.Class({ identifier, context, configuration: hook.configuration, logger })
        if (instance.cleanup !== undefined) {
          releases.defer(`hook ${hook.name}`, () => cleanUp(hook.name, instance))
        }
        await instance.setup()
      })
    } catch (error) {
      if (!hook.optional) {
        throw new SeeError('HOOK_SETUP', `hook ${hook.name} cannot be set up: ${messageOf(error)}`, {
          cause: error,
        })
      }
      logger.warn({ err: error }, 'optional hook left out')
    }
  }
}

async function cleanUp(name: string, instance: InstanceType<LoadedHook['Class']>): Promise<void> {
  try {
    await withOrigin(name, () => instance.cleanup?.())
  } catch (error) {
    throw new SeeError('HOOK_CLEANUP', `hook ${name} cannot be cleaned up: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
