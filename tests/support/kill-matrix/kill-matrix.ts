import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Laboratory } from '../laboratory/laboratory.ts'
import { differences } from '../laboratory/snapshot.ts'
import { type Fault, KILLER_MODULE, MAKE_ROOM } from './faults.ts'
import { MANY_PROGRAM } from './many-left.ts'
import { LIFE_PROGRAM, type Scenario, TEMPLATE } from './scenarios.ts'

const SEE = fileURLToPath(new URL('../../../packages/cli/dist/see.js', import.meta.url))
const STEPS = '/var/log/libvirt/steps'
/** So long may a life go on that has lost its daemon. */
const LIFE_MS = 150_000
const GONE_MS = 30_000

/** What came of one fault. */
export interface KillResult {
  readonly scenario: string
  readonly fault: Fault
  /** The number of the step, from 1 on, and what it was. */
  readonly at: number
  readonly step: string
  /** How the process ended. */
  readonly end: string
  /** Milliseconds from its end until no guest ran any more. */
  readonly guestsGoneMs: number
  /** What a host has more or less than before, before and after `see reap`. */
  readonly leftByKeeper: readonly string[]
  readonly left: readonly string[]
  /** The exit code of `see reap`. */
  readonly reaped: number | null
}

/** A scenario in a laboratory of its own, in which faults are brought about again and again. */
export class KillMatrix implements AsyncDisposable {
  readonly #laboratory: Laboratory
  readonly #scenario: Scenario
  #before: ReadonlySet<string> = new Set()
  #steps: readonly string[] = []

  private constructor(laboratory: Laboratory, scenario: Scenario) {
    this.#laboratory = laboratory
    this.#scenario = scenario
  }

  /** Its template is built, and it is lived through once, so that the folders are there that stay. */
  static async begin(scenario: Scenario, shared: readonly string[]): Promise<KillMatrix> {
    const matrix = new KillMatrix(await Laboratory.start({ shared, size: '64m', store: '800m' }), scenario)
    try {
      if (scenario.template !== undefined) {
        await matrix.#prepare({ ...scenario, life: 'template', resources: scenario.template })
      }
      await matrix.#prepare(scenario)
      matrix.#steps = matrix.#stepsTaken()
      await matrix.#settled()
      matrix.#before = matrix.#laboratory.snapshot()
      return matrix
    } catch (error) {
      await matrix[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The steps of a life without a fault. */
  get steps(): readonly string[] {
    return this.#steps
  }

  async kill(fault: Fault, at: number): Promise<KillResult> {
    const laboratory = this.#laboratory
    const end = await this.live(fault, at)
    const began = performance.now()
    if (fault === 'full disk') laboratory.sh(MAKE_ROOM)
    if (fault === 'libvirtd') laboratory.startDaemons()
    await this.#guestsGone()
    const guestsGoneMs = Math.round(performance.now() - began)
    await this.#settled()
    const leftByKeeper = differences(this.#before, laboratory.snapshot())
    const { exitCode } = await this.see('reap', '--json')
    await this.#settled()
    const after = laboratory.snapshot()
    const left = differences(this.#before, after)
    // What one fault left is not held against the next.
    this.#before = after
    const step = this.#stepsTaken()[at - 1] ?? 'not reached'
    return {
      scenario: this.#scenario.name,
      fault,
      at,
      step,
      end,
      guestsGoneMs,
      leftByKeeper,
      left,
      reaped: exitCode,
    }
  }

  /** Lives through it with a fault, and leaves what is left. @returns how the process ended */
  async live(fault: Fault, at: number): Promise<string> {
    return await this.#live(this.#scenario, fault, at)
  }

  /** Leaves many environments, and has them reaped. @returns how long that took, in milliseconds, and what is left */
  async reapMany(count: number): Promise<{ readonly tookMs: number; readonly left: readonly string[] }> {
    const { provider, resources } = this.#scenario
    const argv = ['--input-type=module', '-e', MANY_PROGRAM, provider, resources, String(count)]
    await this.#laboratory.run([process.execPath, ...argv], { SEE_LOG: 'silent' })
    const began = performance.now()
    const { out } = await this.see('reap', '--json')
    const tookMs = Math.round(performance.now() - began)
    const { environments } = JSON.parse(out)
    if (environments.length !== count) throw new Error(`${environments.length} of ${count} were left`)
    return { tookMs, left: differences(this.#before, this.#laboratory.snapshot()) }
  }

  /** A shell command, inside. */
  sh(command: string): string {
    return this.#laboratory.sh(command)
  }

  /** The command `see`, inside. */
  async see(...argv: readonly string[]): Promise<{ readonly exitCode: number | null; readonly out: string }> {
    return await this.#laboratory.run([process.execPath, SEE, ...argv])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#laboratory[Symbol.asyncDispose]()
  }

  async #prepare(scenario: Scenario): Promise<void> {
    const end = await this.#live(scenario, 'see', 0)
    if (end !== 'exit code 0') throw new Error(`${scenario.name}, without a fault: ${end}`)
  }

  async #live(scenario: Scenario, fault: Fault, at: number): Promise<string> {
    const laboratory = this.#laboratory
    laboratory.sh(`: >${STEPS}`)
    const env = { SEE_KILL_AT: String(at), SEE_KILL_WHAT: fault, SEE_KILL_STEPS: STEPS, SEE_LOG: 'silent' }
    const given = JSON.stringify({ ...scenario, name: TEMPLATE })
    const bounded = ['timeout', '--signal=KILL', String(LIFE_MS / 1000), process.execPath]
    const argv = [...bounded, '--import', KILLER_MODULE, '--input-type=module', '-e', LIFE_PROGRAM, given]
    const { exitCode, signal, error } = await laboratory.run(argv, env)
    const how = signal === null ? `exit code ${exitCode}` : signal
    const why = exitCode === 1 ? /\w*Error.*: .*/.exec(error)?.[0] : undefined
    return why === undefined ? how : `${how}: ${why.slice(0, 300)}`
  }

  #stepsTaken(): string[] {
    return this.#laboratory.sh(`cat ${STEPS}`).trimEnd().split('\n')
  }

  /** Until no guest runs, though only so long. */
  async #guestsGone(): Promise<void> {
    await this.#none(/^\S*(qemu-system|libvirt_lxc)/)
  }

  /** Until no keeper or other program of SEE is at work. */
  async #settled(): Promise<void> {
    await this.#none(/see-keeper|keeper-main|^\S*node /)
  }

  async #none(program: RegExp): Promise<void> {
    const began = performance.now()
    const runs = () => [...this.#laboratory.processes().values()].some((line) => program.test(line))
    while (runs() && performance.now() - began < GONE_MS) await sleep(20)
  }
}

/** One line a scenario and fault, for people. */
export function killTable(results: readonly KillResult[]): string {
  const rows = grouped(results, ({ scenario, fault }) => `${scenario}|${fault}`)
  const lines = [...rows].map(([key, all]) => {
    const slowest = Math.max(...all.map(({ guestsGoneMs }) => guestsGoneMs))
    const dirty = all.filter(({ left }) => left.length > 0)
    const where = dirty.map(({ at, step, left }) => `${at} (${step}): ${left.length}`).join('; ')
    return `| ${key.replace('|', ' | ')} | ${all.length} | ${slowest} | ${dirty.length} | ${where} |`
  })
  return [
    '| scenario | killed | steps | guests gone, ms | left | where |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
