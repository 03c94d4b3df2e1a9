import { describe, expect, test } from 'vitest'
import { Environment } from './environment.ts'
import { SeeError } from './errors.ts'
import { simulatedFactory } from './testing/simulated-resources.ts'
import { type DomainState, type Transition, transitions } from './transitions.ts'

const states = Object.keys(transitions) as DomainState[]
const all: Transition[] = ['poweron', 'pause', 'resume', 'restart', 'shutdown', 'poweroff']
const after: Record<Transition, DomainState> = {
  poweron: 'running',
  pause: 'paused',
  resume: 'running',
  restart: 'running',
  shutdown: 'shutoff',
  poweroff: 'shutoff',
}

async function observed(state: DomainState) {
  const environment = await Environment.allocate(simulatedFactory({ state }))
  const events: string[] = []
  environment.context.observe({ eventHandled: ({ event }) => void events.push(`${event}`) })
  return { environment, context: environment.context, events }
}

describe.each(states)('a domain that is %s', (state) => {
  const allowed: readonly Transition[] = transitions[state]
  const forbidden = all.filter((transition) => !allowed.includes(transition))

  test.each(forbidden)(
    'refuses %s, naming the state and what is allowed, and fires nothing',
    async (transition) => {
      const { environment, context, events } = await observed(state)
      await using _ = environment
      const error = await context[transition]().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(SeeError)
      expect(error).toMatchObject({ code: 'TRANSITION_FORBIDDEN' })
      expect(String(error)).toContain(`cannot ${transition} a domain that is ${state}`)
      for (const each of allowed) expect(String(error)).toContain(each)
      expect(events).toEqual([])
      expect(context.domain.state).toBe(state)
    },
  )

  test.each(allowed)('allows %s, and fires both events', async (transition) => {
    const { environment, context, events } = await observed(state)
    await using _ = environment
    await context[transition]()
    expect(events).toEqual([`pre_${transition}`, `post_${transition}`])
    expect(context.domain.state).toBe(after[transition])
  })
})
