import { Context, createLogger } from '@see/core'
import type { Scenario } from '../scenario.ts'

declare module '@see/core' {
  interface EventMap {
    benchmark: { attribute: number }
  }
}

/** Events a second of the Python reference, measured elsewhere on such a machine. */
const cases = [
  { handlers: 0, asynchronous: false, reference: 783_000 },
  { handlers: 1, asynchronous: false, reference: 724_000 },
  { handlers: 10, asynchronous: false, reference: 520_000, promise: 2 },
  { handlers: 100, asynchronous: false, reference: 157_000 },
  { handlers: 1, asynchronous: true, reference: 3_000, promise: 100 },
]
const ROUND_MS = 150

class Bare extends Context {
  async cleanup(): Promise<void> {}
}

let handled = 0

function contextWith(handlers: number, asynchronous: boolean): Context {
  const context = new Bare('benchmark', createLogger('silent'))
  for (let index = 0; index < handlers; index++) {
    if (asynchronous) {
      context.subscribeAsync('benchmark', async () => {
        await Promise.resolve()
        handled++
      })
    } else context.subscribe('benchmark', () => void handled++)
  }
  return context
}

/** Fires for about `ROUND_MS` and returns events a second, until the last handler has settled. */
async function round(context: Context, handlers: number): Promise<number> {
  handled = 0
  let fired = 0
  const start = performance.now()
  while (performance.now() - start < ROUND_MS) {
    for (let batch = 0; batch < 1000; batch++) await context.trigger('benchmark', { attribute: batch })
    fired += 1000
  }
  await context.settled()
  const seconds = (performance.now() - start) / 1000
  if (handled !== fired * handlers) throw new Error(`${handled} handlers ran, expected ${fired * handlers}`)
  return fired / seconds
}

/** Events a second through `await context.trigger(…)`. */
export function events(): Scenario {
  const runs = cases.map((each) => ({ ...each, context: contextWith(each.handlers, each.asynchronous) }))
  return {
    name: 'events',
    rows: cases.map(({ handlers, asynchronous, reference, promise }) => ({
      what: `events, ${handlers} ${asynchronous ? 'asynchronous' : 'synchronous'}`,
      unit: '/s',
      ...(promise !== undefined && { promise: { least: promise * reference } }),
    })),
    async start() {
      // Once before it counts, for the compiler.
      for (const { context, handlers } of runs) await round(context, handlers)
    },
    async round() {
      const rates: number[] = []
      for (const { context, handlers } of runs) rates.push(await round(context, handlers))
      return rates
    },
  }
}
