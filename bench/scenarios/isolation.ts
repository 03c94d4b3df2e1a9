import { type ContextFactory, Environment } from '@see/core'
import { millisecondsOf, type Scenario } from '../scenario.ts'

const READY_MS = 120_000

/** From nothing to a command that has run in the guest: without, and with, the probe of the isolation before it. */
export function isolation(name: string, what: string, factory: () => ContextFactory): Scenario {
  const without = `${what}: without the probe`
  return {
    name,
    rows: [
      { what: without, unit: 'ms' },
      { what: `${what}: with the probe`, unit: 'ms', against: without },
      { what: `${what}: the probe alone`, unit: 'ms' },
    ],
    async round() {
      const probes: number[] = []
      const timesMs: number[] = []
      for (const verify of [false, true]) {
        await using environment = await Environment.allocate(factory())
        const { context } = environment
        timesMs.push(
          await millisecondsOf(async () => {
            await context.poweron()
            await context.ready({ address: true, timeoutMs: READY_MS })
            if (verify) {
              const { durationMs } = await context.verifyIsolation({ agentTimeoutMs: READY_MS })
              probes.push(durationMs)
            }
            await context.agent.exec(['/bin/true'])
          }),
        )
      }
      return [...timesMs, ...probes]
    },
  }
}
