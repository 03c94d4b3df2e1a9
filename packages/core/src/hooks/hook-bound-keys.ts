import { z } from 'zod'
import { defaultHookBounds, type HookBounds } from './hook-bounds.ts'

const seconds = z.number().positive().max(2_147_483).optional()
const when = (ms: number): string => `${ms / 1000} when not given.`

/** The keys that every hook may have in the generic configuration or its own, beside those of its schema. */
export const hookBoundKeys = z.object({
  setup_timeout: seconds.describe(
    `Seconds that the set-up of a hook may take; ${when(defaultHookBounds.setupTimeoutMs)}`,
  ),
  handler_timeout: seconds.describe(
    `Seconds that each run of a synchronous handler may take; ${when(defaultHookBounds.eachHandlerTimeoutMs)}`,
  ),
  cleanup_timeout: seconds.describe(
    `Seconds that the clean-up of a hook may take; ${when(defaultHookBounds.cleanupTimeoutMs)}`,
  ),
})

/** The bounds that are configured; others are missing. */
export function configuredBounds({
  setup_timeout: setup,
  handler_timeout: handler,
  cleanup_timeout: cleanup,
}: z.output<typeof hookBoundKeys>): Partial<HookBounds> {
  return {
    ...(setup === undefined ? {} : { setupTimeoutMs: setup * 1000 }),
    ...(handler === undefined ? {} : { eachHandlerTimeoutMs: handler * 1000 }),
    ...(cleanup === undefined ? {} : { cleanupTimeoutMs: cleanup * 1000 }),
  }
}

export function isBoundKey(key: string): boolean {
  return Object.hasOwn(hookBoundKeys.shape, key)
}
