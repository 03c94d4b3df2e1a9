import {
  attributesOf,
  type DomainState,
  type EventName,
  type SeeContext,
  type SeeEvent,
  type Transition,
  transitions,
} from '@see/core'
import { expect } from 'vitest'
import { GUEST_MS } from './provider.ts'

const after: Record<Transition, DomainState> = {
  poweron: 'running',
  pause: 'paused',
  resume: 'running',
  restart: 'running',
  shutdown: 'shutoff',
  poweroff: 'shutoff',
}
const all = Object.keys(after).filter((name): name is Transition => name in after)

/** The names of all events from now on, in order. */
export function recorded(context: SeeContext): string[] {
  const names: string[] = []
  context.observe({ eventFired: ({ event }) => void names.push(event.name) })
  return names
}

/** Whatever the state does not allow is refused, naming what it does; nothing comes of it. */
export async function expectRefusals(context: SeeContext, state: DomainState): Promise<void> {
  expect(await context.state()).toBe(state)
  const allowed: readonly Transition[] = transitions[state]
  const fired = recorded(context)
  for (const transition of all.filter((each) => !allowed.includes(each))) {
    const refusal = `cannot ${transition} a domain that is ${state} (allowed: ${allowed.join(', ')})`
    await expect(context[transition]()).rejects.toMatchObject({
      code: 'TRANSITION_FORBIDDEN',
      message: refusal,
    })
  }
  // A hook may have fired something of its own.
  const ofTransitions = fired.filter((name) => /^(pre|post)_/.test(name))
  expect([await context.state(), ofTransitions]).toEqual([state, []])
}

/** A transition fires both its events, each in its state, in the name of the context and with its attributes. */
export async function expectTransition(context: SeeContext, transition: Transition): Promise<void> {
  const from = await context.state()
  const seen: unknown[] = []
  const note = async (event: SeeEvent) =>
    void seen.push({
      name: event.name,
      origin: event.origin,
      attributes: attributesOf(event),
      state: await context.state(),
    })
  const names = [`pre_${transition}`, `post_${transition}`] as const satisfies EventName[]
  const subscriptions = names.map((name) => context.subscribe(name, note))
  const attributes = { reason: transition, nested: { from } }
  if (transition === 'shutdown') await context.shutdown(attributes, { timeoutMs: GUEST_MS })
  else await context[transition](attributes)
  for (const subscription of subscriptions) subscription[Symbol.dispose]()
  const origin = '@see/core#SeeContext'
  expect(seen).toEqual([
    { name: names[0], origin, attributes, state: from },
    { name: names[1], origin, attributes, state: after[transition] },
  ])
  expect(await context.state()).toBe(after[transition])
}
