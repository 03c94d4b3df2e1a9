import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Fault, faults } from './support/kill-matrix/faults.ts'
import { KillMatrix, type KillResult, killTable } from './support/kill-matrix/kill-matrix.ts'
import { type Scenario, writeScenarios } from './support/kill-matrix/scenarios.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

/** `all` for every step of every scenario: `npm run proof:kill`; else the name of a scenario, or a few steps of some. */
const WANTED = process.env['SEE_KILL_MATRIX']
/** Where the proof writes each result, one JSON document a line. */
const RESULTS = process.env['SEE_KILL_RESULTS']
/** How soon the guest of a killed process has to be gone, on a busy host. */
const GONE_MS = 5000
const HOURS_MS = 8 * 3_600_000

const container = makeTinyContainer()
const folder = mkdtempSync(join(tmpdir(), 'see-kill-'))
chmodSync(folder, 0o755)
const scenarios = writeScenarios(folder, container)
const results: KillResult[] = []
afterAll(() => {
  container[Symbol.dispose]()
  rmSync(folder, { recursive: true })
  if (WANTED !== undefined) process.stdout.write(`\n${killTable(results)}\n`)
})

/** Every third step. */
function some(steps: readonly string[]): number[] {
  return steps.map((_step, index) => index + 1).filter((at) => at % 3 === 2)
}

function named(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no scenario ${name}`)
  return found
}

async function killAt(
  scenario: Scenario,
  plan: (steps: readonly string[]) => readonly (readonly [Fault, number])[],
): Promise<readonly KillResult[]> {
  await using matrix = await KillMatrix.begin(scenario, [folder, container.folder])
  const own: KillResult[] = []
  for (const [fault, at] of plan(matrix.steps)) {
    const result = await matrix.kill(fault, at)
    own.push(result)
    if (RESULTS !== undefined) appendFileSync(RESULTS, `${JSON.stringify(result)}\n`)
  }
  results.push(...own)
  return own
}

const unclean = (all: readonly KillResult[]) =>
  all.filter(({ left, reaped }) => left.length > 0 || reaped !== 0)

if (WANTED === undefined) {
  test('an embedded guest leaves nothing where SEE is killed', { timeout: 120_000 }, async () => {
    const all = await killAt(named('embedded'), (steps) => some(steps).map((at) => ['see', at]))
    expect(all.length).toBeGreaterThan(4)
    expect(unclean(all)).toEqual([])
    expect(Math.max(...all.map(({ guestsGoneMs }) => guestsGoneMs))).toBeLessThan(GONE_MS)
  })

  test('without a keeper, what is left is listed, and reaped when asked', { timeout: 120_000 }, async () => {
    await using matrix = await KillMatrix.begin(named('embedded'), [folder, container.folder])
    const at = matrix.steps.indexOf('life powered on') + 1
    expect(await matrix.live('see and keeper', at)).toBe('SIGKILL')
    const list = async () => JSON.parse((await matrix.see('list', '--json')).out).environments
    const [listed, ...others] = await list()
    expect(others).toEqual([])
    expect(listed).toMatchObject({ state: 'left', providers: ['embedded'], recorded: true, problem: null })
    expect(listed.since).toMatch(/^20\d\d-/)
    const kinds = listed.holds.map(({ kind }: { readonly kind: string }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['folder', 'process']))
    const whats = listed.holds.map(({ what }: { readonly what: string }) => what).toReversed()
    const dry = JSON.parse((await matrix.see('reap', '--dry-run', '--json')).out)
    expect(dry).toMatchObject({ ok: true, dry_run: true, environments: [{ removed: whats, kept: [] }] })
    expect(await list()).toEqual([listed])
    const { exitCode, out } = await matrix.see('reap', '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ ok: true, environments: [{ removed: whats, kept: [] }] })
    expect(await matrix.reapMany(20)).toMatchObject({ left: [] })
    // As a process leaves them that is killed when it has just got the lock.
    matrix.sh('mkdir -p /run/see/networks && : >/run/see-networks.lock')
    expect((await matrix.see('list')).out).toBe('Nothing of an environment is on this host\n')
    expect((await matrix.see('reap')).out).toBe('Nothing is left over\n')
    expect(matrix.sh('ls -d /run/see /run/see-networks.lock 2>/dev/null || true')).toBe('')
  })
} else {
  const chosen = scenarios.filter(({ name }) => WANTED === 'all' || WANTED.split(';').includes(name))
  test.each(['embedded', 'libvirt, shared network'])(
    '%s: 200 environments are reaped',
    { timeout: HOURS_MS },
    async (name) => {
      await using matrix = await KillMatrix.begin(named(name), [folder, container.folder])
      const { tookMs, left } = await matrix.reapMany(200)
      process.stdout.write(`200 environments of ${name} were reaped in ${tookMs} ms\n`)
      expect(left).toEqual([])
    },
  )
  const faultsWanted = process.env['SEE_KILL_FAULTS']?.split(';') ?? faults
  for (const scenario of chosen) {
    test(`${scenario.name}: nothing is left`, { timeout: HOURS_MS }, async () => {
      const all = await killAt(scenario, (steps) =>
        faults
          .filter((fault) => faultsWanted.includes(fault))
          .filter((fault) => fault !== 'libvirtd' || scenario.provider !== 'embedded')
          .flatMap((fault) => steps.map((_step, index) => [fault, index + 1] as const)),
      )
      expect(unclean(all)).toEqual([])
    })
  }
}
