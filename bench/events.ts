import { Context, createLogger } from '@see/core'

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
const ROUNDS = 9
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const runs = cases.map((each) => ({
  ...each,
  context: contextWith(each.handlers, each.asynchronous),
  rates: new Array<number>(),
}))
for (const { context, handlers } of runs) await round(context, handlers)
// Rounds are interleaved so that whatever else the machine does falls on every case alike.
for (let index = 0; index < ROUNDS; index++) {
  for (const { context, handlers, rates } of runs) rates.push(await round(context, handlers))
}

console.table(
  runs.map(({ handlers, asynchronous, reference, promise, rates }) => {
    const rate = median(rates)
    const ratio = rate / reference
    return {
      handlers: `${handlers} ${asynchronous ? 'asynchronous' : 'synchronous'}`,
      'events/s': Math.round(rate),
      'Python reference': reference,
      ratio: Number(ratio.toFixed(2)),
      promise: promise === undefined ? '' : `${promise} ${ratio >= promise ? 'kept' : 'BROKEN'}`,
    }
  }),
)
