import { messageOf } from '@see/core'
import type { Row, Scenario } from './scenario.ts'

/** What was measured of a row, round by round. */
export interface Measured extends Row {
  readonly scenario: string
  readonly values: readonly number[]
}

/**
 * Measures all scenarios in turn, round by round, so that whatever else the machine does falls on every one alike. A
 * scenario that fails is reported and left out from then on. Once the signal is aborted nothing more is begun.
 */
export async function runInterleaved(
  scenarios: readonly Scenario[],
  rounds: number,
  signal: AbortSignal,
): Promise<Measured[]> {
  const working = new Map(
    scenarios.map((scenario) => [scenario, scenario.rows.map(() => new Array<number>())]),
  )
  const unlessItFails = async (scenario: Scenario, work: () => Promise<void> | undefined): Promise<void> => {
    if (signal.aborted) return
    try {
      await work()
    } catch (error) {
      console.error(`\n${scenario.name} is left out from here on: ${messageOf(error)}`)
      process.exitCode = 1
      working.delete(scenario)
    }
  }
  try {
    for (const scenario of scenarios) await unlessItFails(scenario, () => scenario.start?.())
    for (let round = 1; round <= rounds; round++) {
      for (const [scenario, columns] of working) {
        if (round > (scenario.rounds ?? rounds)) continue
        process.stderr.write(`\rround ${round} of ${rounds}: ${scenario.name.padEnd(40)}`)
        await unlessItFails(scenario, async () => {
          const numbers = await scenario.round()
          for (const [index, values] of columns.entries()) values.push(numbers[index] ?? Number.NaN)
        })
      }
    }
    process.stderr.write('\r'.padEnd(60).concat('\r'))
    return Array.from(working, ([{ name, rows }, columns]) =>
      rows.map((row, index) => ({ ...row, scenario: name, values: columns[index] ?? [] })),
    ).flat()
  } finally {
    for (const scenario of scenarios) {
      await scenario
        .end?.()
        .catch((error: unknown) => console.error(`${scenario.name} is not ended: ${messageOf(error)}`))
    }
  }
}
