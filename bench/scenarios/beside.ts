import { type ContextFactory, Environment } from '@see/core'
import type { Scenario } from '../scenario.ts'

/** Measures while there is another environment, which is off: what both share is there already. */
export function beside(factory: () => ContextFactory, scenario: Scenario): Scenario {
  return {
    ...scenario,
    async round() {
      const other = await Environment.allocate(factory())
      try {
        return await scenario.round()
      } finally {
        await other.deallocate()
      }
    },
  }
}
