import { type ContextFactory, embeddedFactory, lxcFactory, qemuFactory } from '@see/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leftOf } from './support/leftovers.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { faults, held, soakCase } from './support/soak/faults.ts'
import { SeededRandom } from './support/soak/random.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

// `npm run proof:soak` has 1,000 environments one after the other, and half as many eight at a time.
const CASES = Number(process.env['SEE_SOAK_CASES'] ?? 16)
const SEED = Number(process.env['SEE_SOAK_SEED'] ?? 1)
const AT_A_TIME = 8
const CASE_MS = 20_000
/** What the descriptors of a process may differ by: connections that libvirt's client keeps for a while. */
const KEPT_DESCRIPTORS = 4
/** The bound on how much the resident memory of the second half may be above that of the quarter before it. */
const GROWTH = 1.05
const ENOUGH_TO_WEIGH = 500

const container = makeTinyContainer()
afterAll(() => container[Symbol.dispose]())

let factories: Record<'embedded' | 'libvirt' | 'lxc', ContextFactory>
beforeAll(async () => {
  factories = {
    embedded: embeddedFactory(await sharedTemplate('embedded')),
    libvirt: qemuFactory(await sharedTemplate('libvirt')),
    lxc: lxcFactory(container.resources()),
  }
}, 240_000)

/** Most are clones of the embedded provider: libvirt takes several times as long. */
const kinds = [...Array<'embedded'>(16).fill('embedded'), 'lxc', 'lxc', 'lxc', 'libvirt'] as const

async function next(random: SeededRandom): Promise<string> {
  const factory = factories[kinds[random.below(kinds.length)] ?? 'embedded']
  return await soakCase(factory, random.pick(faults), random)
}

test(`${CASES} environments one after the other leave nothing`, { timeout: CASES * CASE_MS }, async () => {
  const random = new SeededRandom(SEED)
  const identifiers: string[] = []
  const memory: number[] = []
  // Whatever is loaded, opened or started once.
  for (const factory of Object.values(factories)) identifiers.push(await soakCase(factory, 'none', random))
  const before = held()
  for (let count = 0; count < CASES; count++) {
    identifiers.push(await next(random))
    memory.push(process.memoryUsage.rss())
  }
  expect(await leftOf(...identifiers)).toEqual([])
  const after = held()
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + KEPT_DESCRIPTORS)
  expect(after.children).toBeLessThanOrEqual(before.children)
  if (CASES < ENOUGH_TO_WEIGH) return
  const growth = mean(memory.slice(-CASES / 4)) / mean(memory.slice(-CASES / 2, -CASES / 4))
  process.stderr.write(
    `resident memory: ${mib(memory[0])}, ${mib(memory.at(-1))} MiB; ${growth.toFixed(3)}\n`,
  )
  expect(growth).toBeLessThan(GROWTH)
})

test(`${CASES / 2} environments, ${AT_A_TIME} at a time, leave nothing`, {
  timeout: CASES * CASE_MS,
}, async () => {
  const random = new SeededRandom(SEED + 1)
  const identifiers: string[] = []
  const before = held()
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun++ < CASES / 2) identifiers.push(await next(random))
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  expect(await leftOf(...identifiers)).toEqual([])
  expect(held().descriptors).toBeLessThanOrEqual(before.descriptors + KEPT_DESCRIPTORS)
})

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function mib(bytes = 0): number {
  return Math.round(bytes / 2 ** 20)
}
