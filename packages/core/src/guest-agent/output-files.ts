import type { ExecOptions, ExecResult } from '../contract/agent.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import type { Commands } from './channel.ts'
import { GuestOutput, openOutput } from './guest-output.ts'

const DEFAULT_OUTPUT_BYTES = 1024 * 1024
const DEFAULT_TIMEOUT_MS = 60_000

type Output = Pick<ExecResult, 'stdout' | 'stderr' | 'truncated' | 'lost'>

/** Reads both streams of a program from open files of the guest, as they come. */
export class OutputFiles {
  readonly #stdout: GuestOutput
  readonly #stderr: GuestOutput
  readonly #parts = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() }
  readonly #options: ExecOptions
  #lost: string | null = null
  #isCut = false
  #hasEnded = false
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    commands: Commands,
    { base, handles }: { readonly base: string; readonly handles: readonly [number, number] },
    options: ExecOptions,
  ) {
    this.#options = options
    const maxBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
    const open = (stream: 'stdout' | 'stderr', handle: number) => {
      const take = (part: Buffer) => {
        if (!this.#hasEnded) this.#parts[stream].push(part)
        options.onOutput?.(stream, part)
      }
      return new GuestOutput(commands, { handle, firstLine: `${base}\n` }, maxBytes, take)
    }
    this.#stdout = open('stdout', handles[0])
    this.#stderr = open('stderr', handles[1])
    // There is a probe in it.
    this.#stdout.rewind()
  }

  /**
   * Makes the files `<base>.out` and `<base>.err`, whose names only the agent and the program need: they can be
   * removed as soon as the program has them open. Each has to begin with the line `<base>`.
   * @returns why not, where the place takes none or has no room
   * @throws SeeError as {@link Commands.run}
   */
  static async make(commands: Commands, base: string, options: ExecOptions): Promise<OutputFiles | string> {
    const out = await openOutput(commands, `${base}.out`)
    if ('refused' in out) return out.refused
    const probe = new GuestOutput(commands, { handle: out.handle, firstLine: '' }, 0, () => undefined)
    const err = (await probe.isCut()) ? { refused: 'no room' } : await openOutput(commands, `${base}.err`)
    if ('handle' in err) {
      return new OutputFiles(commands, { base, handles: [out.handle, err.handle] }, options)
    }
    await probe.close()
    return err.refused
  }

  /** Brings what came since the last time. @returns whether it caught up with both */
  async collect(): Promise<boolean> {
    // One at a time: what is asked when time is up may meet what was asked before.
    const mine = this.#turn.then(() => this.#collect())
    this.#turn = mine.catch(() => undefined)
    return await mine
  }

  /** The rest of the output of a program that has ended, and all of it. Its end is known, so nothing fails here. */
  async rest(): Promise<Output> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = this.#options
    const timedOut = () =>
      new SeeError('AGENT_UNRESPONSIVE', `the agent did not send it within ${timeoutMs} ms`)
    const caughtUp = async () => ((await this.collect()) ? true : undefined)
    this.#stdout.ended()
    this.#stderr.ended()
    try {
      await poll(caughtUp, timedOut, { timeoutMs, intervalMs: 20, signal })
    } catch (error) {
      this.#lost ??= `the program's output was not brought to its end: ${messageOf(error)}`
    }
    this.#hasEnded = true
    return {
      stdout: Buffer.concat(this.#parts.stdout),
      stderr: Buffer.concat(this.#parts.stderr),
      ...this.#known(),
    }
  }

  /** Whether no more output can be read, since it is more than is kept, or the files are gone. */
  get isOver(): boolean {
    return this.#lost !== null || (this.#stdout.truncated && this.#stderr.truncated)
  }

  /** Looks whether there was room for all of it, and stops. What still writes to the files is not collected any more. */
  async close(): Promise<Pick<Output, 'truncated' | 'lost'>> {
    try {
      if (this.#lost === null && !this.#isTruncated) this.#isCut = await this.#stderr.isCut()
    } catch (error) {
      this.#lost ??= `whether the program's output is complete is not known: ${messageOf(error)}`
    }
    await this.abandon()
    return this.#known()
  }

  /** Stops. */
  async abandon(): Promise<void> {
    await Promise.all([this.#stdout.close(), this.#stderr.close()])
  }

  #known(): Pick<Output, 'truncated' | 'lost'> {
    const full = this.#isCut ? 'the guest had no room for all of the output' : null
    return {
      truncated: this.#isTruncated || this.#isCut,
      lost: this.#lost ?? this.#stdout.lost ?? this.#stderr.lost ?? full,
    }
  }

  get #isTruncated(): boolean {
    return this.#stdout.truncated || this.#stderr.truncated
  }

  async #collect(): Promise<boolean> {
    if (this.#lost !== null) return true
    try {
      const caughtUp = [await this.#stdout.collect(), await this.#stderr.collect()]
      return !caughtUp.includes(false)
    } catch (error) {
      // A restarted agent does not know the files any more; the program goes on.
      if (!(error instanceof SeeError) || error.code !== 'AGENT_COMMAND_FAILED') throw error
      this.#lost = `output from some moment on: ${error.message}`
      return true
    }
  }
}
