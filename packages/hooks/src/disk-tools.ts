import { SeeError } from '@see/core'
import { assertWithinBounds } from './analysis.ts'
import { type ConfinedResult, runConfined } from './confined-command.ts'

const MIB = 1024 * 1024

export interface DiskToolOptions {
  /** `performance.now()` at which the whole analysis must be over. */
  readonly deadlineMs: number
  readonly memoryLimitMiB: number
  readonly outputBytes: number
  /** A process in whose mount namespace the disks are. */
  readonly mountsOf: number
  readonly signal: AbortSignal
}

/** Runs The Sleuth Kit's programs and the like over a disk that a guest has written, confined. */
export class DiskTools {
  readonly #options: DiskToolOptions

  constructor(options: DiskToolOptions) {
    this.#options = options
  }

  get outputBytes(): number {
    return this.#options.outputBytes
  }

  /**
   * @param writable the folder it may write
   * @throws SeeError `TOOL_FAILED` when it exceeds a bound; what an exit code means is the caller's business
   */
  async run(
    argv: readonly [string, ...string[]],
    readable: readonly string[],
    writable?: string,
  ): Promise<ConfinedResult> {
    const { deadlineMs, memoryLimitMiB, outputBytes, mountsOf, signal } = this.#options
    const result = await runConfined(argv, {
      readable,
      ...(writable === undefined ? {} : { writable }),
      mountsOf,
      timeoutMs: Math.max(1, deadlineMs - performance.now()),
      memoryBytes: memoryLimitMiB * MIB,
      outputBytes,
      signal,
    })
    assertWithinBounds([argv[0] === 'sh' ? (argv[3] ?? 'sh') : argv[0]], result)
    return result
  }

  /** The same, and it must succeed. */
  async succeed(
    argv: readonly [string, ...string[]],
    readable: readonly string[],
    writable?: string,
  ): Promise<ConfinedResult> {
    const result = await this.run(argv, readable, writable)
    if (result.exitCode === 0) return result
    throw new SeeError('TOOL_FAILED', `${argv[0]} ended with exit code ${result.exitCode}: ${saidBy(result)}`)
  }
}

/** The end of what a tool said on standard error, in one line. */
export function saidBy({ stderr }: ConfinedResult): string {
  return JSON.stringify(stderr.toString().trim().slice(-500))
}
