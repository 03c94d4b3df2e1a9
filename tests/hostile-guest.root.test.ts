import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostileProvider } from './support/hostile-guest/hostile-row.ts'
import { hostileRows } from './support/hostile-guest/hostile-rows.ts'
import { hostileLine } from './support/hostile-guest/hostile-table.ts'
import { runHostile } from './support/hostile-guest/run-hostile.ts'
import { leftOf } from './support/leftovers.ts'
import { sharedTemplate } from './support/shared-template.ts'

/** `all` for every row through both providers: `npm run proof:hostile`; else names of rows; a few of them without it. */
const WANTED = process.env['SEE_HOSTILE']
const PROVIDERS = process.env['SEE_HOSTILE_PROVIDERS']?.split(';')
const SHORT = ['agent: silence', 'disk fill', 'crash']

const MOST_MIB = 256
/** How long a run may take beyond its deadline. */
const GRACE_MS = 10_000
/** How long nothing else may be done, on a busy host. */
const LONGEST_GAP_MS = 5000
const TEST_MS = 300_000

const providers = (['embedded', 'libvirt'] as const).filter(
  (provider) => PROVIDERS?.includes(provider) ?? (WANTED !== undefined || provider === 'embedded'),
)
const chosen = hostileRows.filter(
  ({ name }) => WANTED === 'all' || (WANTED?.split(';') ?? SHORT).includes(name),
)
const cases = providers.flatMap((provider): [HostileProvider, string, (typeof chosen)[number]][] =>
  chosen.filter(({ only = provider }) => only === provider).map((row) => [provider, row.name, row]),
)

const lines: string[] = []
beforeAll(async () => {
  for (const provider of providers) await sharedTemplate(provider)
}, 240_000)
afterAll(() => {
  if (WANTED !== undefined) process.stdout.write(`\n${lines.join('\n')}\n`)
})

test.each(cases)(
  '%s: %s: SEE stays small, answers, ends in time and says so',
  async (provider, _name, row) => {
    const run = await runHostile(row, provider)
    lines.push(hostileLine(row, run))
    const { report, out, error, tookMs, peakMib, longestGapMs, exitCode } = run
    if (process.env['SEE_HOSTILE_PRINT'] !== undefined) process.stdout.write(`${out}${error}`)
    expect(peakMib).toBeLessThan(MOST_MIB)
    expect(tookMs).toBeLessThan(row.deadline * 1000 + GRACE_MS)
    expect(longestGapMs).toBeLessThan(LONGEST_GAP_MS)
    expect(row.exitCodes).toContain(exitCode)
    expect(report.exit_code).toBe(exitCode)
    row.says(run)
    expect(`${out}${error}`).not.toMatch(/(?!\n)\p{Cc}/u)
    expect(await leftOf(report.identifier)).toEqual([])
  },
  TEST_MS,
)
