import type { EventName } from './event.ts'

const CONTEXT_EVENTS: readonly EventName[] = [
  'pre_poweron',
  'post_poweron',
  'pre_pause',
  'post_pause',
  'pre_resume',
  'post_resume',
  'pre_restart',
  'post_restart',
  'pre_shutdown',
  'post_shutdown',
  'pre_poweroff',
  'post_poweroff',
  'domain_crashed',
  'domain_stopped',
  'domain_rebooted',
  'isolation_verified',
  'ready',
  'not_ready',
  'limit_reached',
  'evidence_incomplete',
  'deadline_reached',
]

const names = new Set<string>(CONTEXT_EVENTS)

/** What was declared so far. */
export const declaredEvents: ReadonlySet<string> = names

/**
 * Says at run time what `EventMap` says to the compiler: that something fires events of these names. A module that adds
 * to `EventMap` calls it once, so that no hook that is configured with such a name warns of it as misspelt.
 */
export function declareEvents(...events: readonly EventName[]): void {
  for (const event of events) names.add(event)
}
