import { SeeError } from '../common/errors.ts'
import { nameOf } from './owner.ts'
import type { CriticalSection } from './critical-section.ts'

/** How deep events may be fired inside handlers of events; a hook that means it needs three or four. */
const MOST_NESTED = 50

/**
 * Why nothing may be fired inside a turn any more: events are nested too deep there, mostly since a handler fires its own
 * event. Then nothing more is fired inside of the outermost handler of that event, so that a handler that fires it twice
 * does not go on 2^50 times.
 * @param event the one to be fired
 */
export function nestedTooDeep(event: string, turn: CriticalSection): SeeError | undefined {
  for (let each: CriticalSection | undefined = turn; each !== undefined; each = each.outer) {
    if (each.overrun !== undefined) return each.overrun
  }
  if (turn.depth < MOST_NESTED) return undefined
  const [handler, chain] = describe(event, turn)
  const error = new SeeError(
    'EVENT_LIMIT',
    `${handler} fires "${event}" inside itself without end (${chain}): events are nested ${MOST_NESTED} deep; fire it once, or from a timer`,
  )
  outermostOf(event, turn).overrun = error
  return error
}

function outermostOf(event: string, turn: CriticalSection): CriticalSection {
  let found = turn
  for (let each: CriticalSection | undefined = turn; each !== undefined; each = each.outer) {
    if (each.run?.event === event) found = each
  }
  return found
}

/** The handler that fires it, and how one event leads to the other. */
function describe(event: string, turn: CriticalSection): [handler: string, chain: string] {
  const chain = [event]
  let handler: string | undefined
  for (let each: CriticalSection | undefined = turn; each !== undefined; each = each.outer) {
    if (each.run === undefined) continue
    handler ??= nameOf(each.run.subscription)
    chain.unshift(each.run.event)
    if (each.run.event === event) break
  }
  return [handler ?? turn.owner.name, chain.join(' → ')]
}
