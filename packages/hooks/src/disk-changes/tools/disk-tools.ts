import type { Readable } from 'node:stream'
import { SeeError } from '@see/core'
import { assertWithinBounds } from '../../analysis/analysis.ts'
import { type ConfinedResult, runConfined } from '../../confinement/confined-command.ts'
import { ListingBudget } from './listing-budget.ts'

const MIB = 1024 * 1024
/** Limit of each file of an interactive program, in bytes; its output is bounded by its caller. */
const TALKING_FILE_BYTES = 256 * MIB

const RESERVE_SHARE = 1 / 10
const LISTING_SHARE = 1 / 4
const MIN_LISTING_MS = 25_000

export interface DiskToolOptions {
  /** `performance.now()` at which the whole analysis must be over. */
  readonly deadlineMs: number
  readonly memoryLimitMiB: number
  readonly outputBytes: number
  /** A process in whose mount namespace the disks are. */
  readonly mountsOf: number
  /** Whether both disks are read at one time. */
  readonly concurrent: boolean
  readonly signal: AbortSignal
}

/** Runs The Sleuth Kit's programs and the like over a disk that a guest has written, confined. */
export class DiskTools {
  readonly #options: DiskToolOptions
  readonly #reserveMs: number
  readonly #budgets = new Map<string, ListingBudget>()

  constructor(options: DiskToolOptions) {
    this.#options = options
    this.#reserveMs = this.remainingMs * RESERVE_SHARE
  }

  /** Milliseconds that are left of the analysis. */
  get remainingMs(): number {
    return Math.max(1, this.#options.deadlineMs - performance.now())
  }

  /** Only as much is left as the end of a report needs. */
  get isLate(): boolean {
    return this.remainingMs <= this.#reserveMs
  }

  /** What a listing may take, so that the rest of a report can still be made. */
  get listingSeconds(): number {
    return Math.ceil(Math.max(MIN_LISTING_MS, this.remainingMs * LISTING_SHARE) / 1000)
  }

  /** What listing a disk may cost altogether. */
  listingBudget(disk: string): ListingBudget {
    const known = this.#budgets.get(disk)
    if (known !== undefined) return known
    const budget = new ListingBudget(this.remainingMs, this.#options.concurrent ? 1 : 2)
    this.#budgets.set(disk, budget)
    return budget
  }

  get signal(): AbortSignal {
    return this.#options.signal
  }

  get outputBytes(): number {
    return this.#options.outputBytes
  }

  /**
   * @param writable the folder it may write
   * @param temporaryBytes what it may have there for a while beside its output
   * @throws SeeError `TOOL_FAILED` when it exceeds a bound; what an exit code means is the caller's business
   */
  async run(
    argv: readonly [string, ...string[]],
    readable: readonly string[],
    writable?: string,
    temporaryBytes = 0,
  ): Promise<ConfinedResult> {
    const { memoryLimitMiB, outputBytes, mountsOf, signal } = this.#options
    const result = await runConfined(argv, {
      readable,
      ...(writable === undefined ? {} : { writable }),
      mountsOf,
      timeoutMs: this.remainingMs,
      memoryBytes: memoryLimitMiB * MIB,
      outputBytes: outputBytes + temporaryBytes,
      signal,
    })
    assertWithinBounds([argv[0] === 'sh' ? (argv[3] ?? 'sh') : argv[0]], result)
    return result
  }

  /**
   * Runs a program that is talked to until the signal is aborted or it ends.
   * @returns how it ended, with what it said on standard error
   * @throws SeeError `TOOL_FAILED` when it exceeds a bound
   */
  async converse(
    argv: readonly [string, ...string[]],
    readable: readonly string[],
    streams: {
      readonly stdin: Readable
      readonly onStdout: (part: Buffer) => void
      readonly signal: AbortSignal
    },
  ): Promise<string> {
    const { memoryLimitMiB, mountsOf, signal } = this.#options
    const result = await runConfined(argv, {
      readable,
      mountsOf,
      timeoutMs: this.remainingMs,
      memoryBytes: memoryLimitMiB * MIB,
      outputBytes: TALKING_FILE_BYTES,
      ...streams,
      stdoutBytes: Number.POSITIVE_INFINITY,
      signal: AbortSignal.any([signal, streams.signal]),
    })
    assertWithinBounds([argv[0]], result)
    return `exit code ${result.exitCode}: ${saidBy(result)}`
  }

  /** Runs a program as `run` does, and it must succeed. */
  async succeed(
    argv: readonly [string, ...string[]],
    readable: readonly string[],
    writable?: string,
    temporaryBytes = 0,
  ): Promise<ConfinedResult> {
    const result = await this.run(argv, readable, writable, temporaryBytes)
    if (result.exitCode === 0) return result
    throw new SeeError('TOOL_FAILED', `${argv[0]} ended with exit code ${result.exitCode}: ${saidBy(result)}`)
  }
}

/** The end of what a tool said on standard error, in one line. */
export function saidBy({ stderr }: ConfinedResult): string {
  return JSON.stringify(stderr.toString().trim().slice(-500))
}
