import type { ExecOptions, ExecResult, OutputStream } from '../contract/agent.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { Commands } from './channel.ts'
import { readGuestFile } from './files.ts'
import { runQuietly } from './program.ts'

const DEFAULT_OUTPUT_BYTES = 1024 * 1024
/** A copy is a process of the guest and the whole of the output. */
const INTERVAL_MS = 5000

/**
 * The output of a program of Windows, where the agent cannot open a file that a process writes: it is copied first. A
 * running program's is looked at every few seconds.
 */
export class TailCopies {
  readonly #commands: Commands
  readonly #base: string
  readonly #options: ExecOptions
  readonly #kept: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  #truncated = false
  #nextAt = performance.now() + INTERVAL_MS
  #turn: Promise<unknown> = Promise.resolve()

  constructor(commands: Commands, base: string, options: ExecOptions) {
    this.#commands = commands
    this.#base = base
    this.#options = options
  }

  /** Brings what came since the last time, if that was some time ago. */
  async collect(): Promise<void> {
    if (performance.now() < this.#nextAt) return
    await this.#both()
    this.#nextAt = performance.now() + INTERVAL_MS
  }

  /** All of it. The program's end is known, so that nothing fails here. */
  async rest(): Promise<Pick<ExecResult, 'stdout' | 'stderr' | 'truncated' | 'lost'>> {
    let lost: string | null = null
    try {
      await this.#both()
    } catch (error) {
      lost = `the program's output was not brought to its end: ${messageOf(error)}`
    }
    return { ...this.#kept, truncated: this.#truncated, lost }
  }

  async #both(): Promise<void> {
    const bring = async () => {
      await this.#bring('stdout', 'out')
      await this.#bring('stderr', 'err')
    }
    const mine = this.#turn.then(bring)
    this.#turn = mine.catch(() => undefined)
    await mine
  }

  async #bring(stream: OutputStream, extension: string): Promise<void> {
    const path = `${this.#base}.${extension}`
    const maxBytes = this.#options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
    const { content, truncated } = await this.#read(path, maxBytes)
    const part = content.subarray(this.#kept[stream].length)
    this.#kept[stream] = content
    this.#truncated ||= truncated
    if (part.length > 0) this.#options.onOutput?.(stream, part)
  }

  async #read(path: string, maxBytes: number): Promise<{ content: Buffer; truncated: boolean }> {
    try {
      return await readGuestFile(this.#commands, path, maxBytes)
    } catch (error) {
      if (!(error instanceof SeeError) || error.code !== 'AGENT_COMMAND_FAILED') throw error
      await runQuietly(this.#commands, ['cmd.exe', '/d', '/c', `type ${path} >${path}.copy`])
      return await readGuestFile(this.#commands, `${path}.copy`, maxBytes)
    }
  }
}
