import { type ContextFactory, Environment } from '@see/core'
import { millisecondsOf, type Scenario } from '../scenario.ts'

const COUNT = 100
const PROMISED_MS = 1000
/** How many are made at a time. */
const PARALLEL = 4
const READY = { timeoutMs: 120_000 }

/** A hundred guests alive at the same time, and how long it takes until the last of them has answered a ping. */
export function crowd(name: string, what: string, factory: () => ContextFactory): Scenario {
  return {
    name,
    rounds: 1,
    rows: [
      { what: `${COUNT} ${what}: made, all ready`, unit: 'ms' },
      { what: `${COUNT} ${what}: all answer a ping`, unit: 'ms', promise: { most: PROMISED_MS } },
    ],
    async round() {
      const environments: Environment[] = []
      try {
        const made = await millisecondsOf(() =>
          inParallel(COUNT, async () => {
            const environment = await Environment.allocate(factory())
            environments.push(environment)
            await environment.context.poweron()
            await environment.context.agent.waitUntilReady(READY)
          }),
        )
        const answered = await millisecondsOf(() =>
          Promise.all(environments.map(({ context }) => context.agent.ping())),
        )
        return [made, answered]
      } finally {
        await inParallel(environments.length, async () => environments.pop()?.deallocate())
      }
    },
  }
}

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}
