import { SeeError } from '../common/errors.ts'
import { createLogger, type Logger } from '../common/logger.ts'
import type { Resources } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import type { Prepare } from './warm-sandbox.ts'

const READY_TIMEOUT_MS = 120_000
const FILL_TIMEOUT_MS = 300_000
const RETRY_MS = 1000

export interface WarmPoolOptions<R extends Resources = Resources> {
  /** How many sandboxes wait. */
  readonly size: number
  /** How many of them are made at a time; two when not given. */
  readonly parallel?: number
  /** Brings a running sandbox to where it is to wait: the guest agent answers, when not given. */
  readonly prepare?: Prepare<R>
  /** Closes the pool. */
  readonly signal?: AbortSignal
  readonly logger?: Logger
  /** How long a sandbox may take to be ready, in milliseconds; five minutes when not given. */
  readonly fillTimeoutMs?: number
  /** How long to wait after a failure before the next try, in milliseconds; one second when not given. It grows. */
  readonly retryMs?: number
}

export type WarmPoolSettings<R extends Resources> = WarmPoolOptions<R> &
  Required<Omit<WarmPoolOptions<R>, 'signal'>>

/** @throws SeeError `CONFIGURATION_INVALID` */
export function withDefaults<R extends Resources>(options: WarmPoolOptions<R>): WarmPoolSettings<R> {
  const settings = {
    parallel: 2,
    prepare: agentAnswers,
    logger: createLogger(),
    fillTimeoutMs: FILL_TIMEOUT_MS,
    retryMs: RETRY_MS,
    ...options,
  }
  for (const key of ['size', 'parallel'] as const) {
    if (Number.isSafeInteger(settings[key]) && settings[key] >= 1) continue
    throw new SeeError(
      'CONFIGURATION_INVALID',
      `a warm pool's ${key} is a whole number from 1 on, not ${settings[key]}`,
    )
  }
  return settings
}

async function agentAnswers(
  context: SeeContext,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  await context.agent.waitUntilReady({ timeoutMs: READY_TIMEOUT_MS, signal })
}
