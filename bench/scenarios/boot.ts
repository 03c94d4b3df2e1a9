import { type ContextFactory, Environment } from '@see/core'
import { millisecondsOf, type Promised, type Scenario } from '../scenario.ts'

const READY = { timeoutMs: 120_000, intervalMs: 10 }

interface BootOptions {
  readonly against?: string
  readonly promise?: Promised
}

/** From nothing to a guest whose agent answers. The end of it is not counted. */
export function boot(
  name: string,
  what: string,
  factory: () => ContextFactory,
  options: BootOptions = {},
): Scenario {
  return {
    name,
    rows: [{ what, unit: 'ms', ...options }],
    async round() {
      let environment: Environment | undefined
      const ms = await millisecondsOf(async () => {
        environment = await Environment.allocate(factory())
        await environment.context.poweron()
        await environment.context.agent.waitUntilReady(READY)
      })
      await environment?.deallocate()
      return [ms]
    },
  }
}
