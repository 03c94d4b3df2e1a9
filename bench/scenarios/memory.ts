import { readdirSync, readFileSync } from 'node:fs'
import { type ContextFactory, Environment } from '@see/core'
import type { Promised, Scenario } from '../scenario.ts'
import { median } from '../median.ts'

const READY = { timeoutMs: 120_000 }

interface MemoryOptions {
  readonly count: number
  readonly pss?: Promised
  readonly private?: Promised
}

/** The host memory that each of several guests takes that are alive at the same time: the median of them. */
export function memory(
  name: string,
  what: string,
  factory: () => ContextFactory,
  options: MemoryOptions,
): Scenario {
  const { count, pss, private: own } = options
  return {
    name,
    rows: [
      { what: `${what}: PSS of each of ${count}`, unit: 'MiB', ...(pss !== undefined && { promise: pss }) },
      { what: `${what}: private, each of ${count}`, unit: 'MiB', ...(own !== undefined && { promise: own }) },
    ],
    async round() {
      const environments: Environment[] = []
      try {
        for (let index = 0; index < count; index++) {
          const environment = await Environment.allocate(factory())
          environments.push(environment)
          await environment.context.poweron()
        }
        await Promise.all(environments.map(({ context }) => context.agent.waitUntilReady(READY)))
        const taken = environments.map(({ identifier }) => memoryOf(identifier))
        return [median(taken.map((each) => each.pss)), median(taken.map((each) => each.private))]
      } finally {
        await Promise.all(environments.map((environment) => environment.deallocate()))
      }
    },
  }
}

/** In mebibytes, of all QEMUs that have the identifier in their command line. */
function memoryOf(identifier: string): { readonly pss: number; readonly private: number } {
  const rollups = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      const isMine = command.includes('qemu-system') && command.includes(identifier)
      return isMine ? [readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')] : []
    } catch {
      return [] // It is gone.
    }
  })
  if (rollups.length === 0) throw new Error(`no QEMU of ${identifier} is visible; memory is measured as root`)
  const mebibytes = (name: string) =>
    rollups.reduce(
      (sum, text) => sum + Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0),
      0,
    ) / 1024
  return { pss: mebibytes('Pss'), private: mebibytes('Private_Clean') + mebibytes('Private_Dirty') }
}
