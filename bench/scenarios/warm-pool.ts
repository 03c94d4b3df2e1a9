import { type ContextFactory, type Environment, poll, WarmPool } from '@see/core'
import { millisecondsOf, type Scenario } from '../scenario.ts'

const PROMISED_MS = 20

/** From asking a pool to a guest that runs, and to one whose agent answers. The replacement is waited for, uncounted. */
export function warmPool(
  name: string,
  what: string,
  factory: () => ContextFactory,
  against?: string,
): Scenario {
  let pool: WarmPool | undefined
  return {
    name,
    rows: [
      { what: `${what}: handed out and powered on`, unit: 'ms', promise: { most: PROMISED_MS } },
      { what: `${what}: its agent answers`, unit: 'ms', ...(against !== undefined && { against }) },
    ],
    async start() {
      pool = await WarmPool.create(factory(), { size: 1 })
    },
    async round() {
      let environment: Environment | undefined
      const handOut = await millisecondsOf(async () => {
        environment = await pool?.allocate()
        await environment?.context.poweron()
      })
      const answer = await millisecondsOf(async () => environment?.context.agent.ping())
      await environment?.deallocate()
      await filled(pool)
      return [handOut, handOut + answer]
    },
    async end() {
      await pool?.close()
    },
  }
}

const FILL_MS = 180_000

async function filled(pool: WarmPool | undefined): Promise<void> {
  const isFull = async () => ((pool?.waiting ?? 0) > 0 ? true : undefined)
  const timedOut = () => new Error('the warm pool was not filled again', { cause: pool?.failure })
  await poll(isFull, timedOut, { timeoutMs: FILL_MS })
}
