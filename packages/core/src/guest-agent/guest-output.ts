import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import type { Commands } from './channel.ts'
import { unlessSilent } from './unless-silent.ts'

const CHUNK_BYTES = 256 * 1024
/** At a time, so that a program that prints a lot does not hide its own end. */
const MOST_CHUNKS = 8
const FROM_START = 0
const FROM_END = 2
/** libvirt refuses a command of 192 KiB; 32 KiB are 43 KiB in Base64. */
const PROBE = Buffer.alloc(32 * 1024, 'room for output?\n')
const PROBE_BASE64 = PROBE.toString('base64')
/** What tells a probe from output. */
const PROBE_BEGINNING = PROBE.subarray(0, 64)

const position = z.object({ position: z.int().nonnegative() })
const chunk = z.object({ count: z.int().nonnegative(), 'buf-b64': z.base64().default(''), eof: z.boolean() })
const nothing = z.unknown()

/**
 * Reads what is written to an open file of the guest as it comes, up to a bound. The file begins with a line of ours: a
 * program that empties its own output, by reopening `/dev/stdout` for example, removes that.
 */
export class GuestOutput {
  truncated = false
  lost: string | null = null
  readonly #commands: Commands
  readonly #handle: number
  readonly #firstLine: Buffer
  readonly #take: (part: Buffer) => void
  /** What is still kept, in bytes. */
  #room: number
  /** Whether the first line is expected, was seen, or is known to be gone. */
  #beginning: 'expected' | 'seen' | 'gone' = 'expected'
  #hasEnded = false
  /** Where the agent reads next; undefined when an answer of its did not arrive. */
  #offset: number | undefined = 0
  #next = 0

  constructor(
    commands: Commands,
    { handle, firstLine }: { readonly handle: number; readonly firstLine: string },
    maxBytes: number,
    take: (part: Buffer) => void,
  ) {
    this.#commands = commands
    this.#handle = handle
    this.#firstLine = Buffer.from(firstLine)
    this.#room = maxBytes
    this.#take = take
  }

  /**
   * Brings what came since the last time.
   * @returns whether it caught up; false when the agent is silent now, or there is more
   * @throws SeeError as {@link Commands.run}
   */
  async collect(): Promise<boolean> {
    for (let chunks = 0; chunks < MOST_CHUNKS; chunks++) {
      if (this.truncated) return true
      // One byte more than is kept shows whether there is more.
      const count = Math.min(this.#room + 1 + this.#firstLine.length, CHUNK_BYTES)
      const part = await this.#readAt(this.#next, count)
      if (part === undefined) return false
      if (this.#beginning === 'expected') {
        if (!this.#begins(part)) return true
      } else {
        const emptied = await this.#wasEmptied(part)
        if (emptied === undefined) return false
        if (emptied) continue
        this.#keep(part)
      }
      if (part.length < count) return true
    }
    return this.truncated
  }

  /** Whether the file's place in the guest takes no more, so that what the program printed last may be missing. */
  async isCut(): Promise<boolean> {
    const handle = this.#handle
    this.#offset = undefined
    try {
      await this.#commands.run(position, 'guest-file-seek', { handle, offset: 0, whence: FROM_END })
      await this.#commands.run(nothing, 'guest-file-write', { handle, 'buf-b64': PROBE_BASE64 })
      await this.#commands.run(nothing, 'guest-file-flush', { handle })
      return false
    } catch (error) {
      if (error instanceof SeeError && error.code === 'AGENT_COMMAND_FAILED') return true
      throw error
    }
  }

  /** What was written so far is not the program's. */
  rewind(): void {
    this.#offset = undefined
  }

  /** The program has ended, so that it began. */
  ended(): void {
    this.#hasEnded = true
  }

  /** For the agent to have one file open less; a guest that is gone has none. */
  async close(): Promise<void> {
    await this.#commands.run(nothing, 'guest-file-close', { handle: this.#handle }).catch(() => undefined)
  }

  /** Undefined when the agent is silent now. */
  async #readAt(offset: number, count: number): Promise<Buffer | undefined> {
    if (this.#offset !== offset && (await this.#seek(offset, FROM_START)) === undefined) return undefined
    this.#offset = undefined
    const read = await unlessSilent(
      this.#commands.run(chunk, 'guest-file-read', { handle: this.#handle, count }),
    )
    if (read === undefined) return undefined
    const part = Buffer.from(read['buf-b64'], 'base64')
    if (part.length > count) {
      const message = `the guest agent sent ${part.length} bytes of a program's output, asked for ${count}`
      throw new SeeError('AGENT_CHANNEL', message)
    }
    this.#offset = offset + part.length
    return part
  }

  /** Takes the beginning of the file. @returns false when the program has not been started yet */
  #begins(part: Buffer): boolean {
    const { length } = this.#firstLine
    if (part.subarray(0, length).equals(this.#firstLine)) {
      this.#beginning = 'seen'
      this.#next = length
      this.#keep(part.subarray(length))
      return true
    }
    const isProbe = part.subarray(0, PROBE_BEGINNING.length).equals(PROBE_BEGINNING)
    if (!this.#hasEnded && (isProbe || part.length < length)) return false
    this.#emptied()
    if (!isProbe) this.#keep(part)
    return true
  }

  #keep(part: Buffer): void {
    this.#next += part.length
    if (part.length > this.#room) this.truncated = true
    const kept = part.subarray(0, this.#room)
    this.#room -= kept.length
    if (kept.length > 0) this.#take(kept)
  }

  /**
   * Whether `part`, which was read where the last one ended, is not what followed it: then what there is has to be read
   * from the file's start. Undefined when the agent is silent now.
   */
  async #wasEmptied(part: Buffer): Promise<boolean | undefined> {
    if (this.#beginning === 'seen') {
      const first = await this.#readAt(0, this.#firstLine.length)
      if (first === undefined) return undefined
      if (first.equals(this.#firstLine)) return false
    } else {
      if (part.length > 0 || this.#next === 0) return false
      this.#offset = undefined
      const size = await this.#seek(0, FROM_END)
      if (size === undefined) return undefined
      if (size >= this.#next) return false
    }
    this.#emptied()
    return true
  }

  #emptied(): void {
    this.lost =
      'the program emptied its own output, by reopening /dev/stdout or /dev/stderr for example: what it printed before may be missing'
    this.#beginning = 'gone'
    this.#next = 0
  }

  async #seek(offset: number, whence: number): Promise<number | undefined> {
    const parameters = { handle: this.#handle, offset, whence }
    return (await unlessSilent(this.#commands.run(position, 'guest-file-seek', parameters)))?.position
  }
}

/** Makes a file to be written and read, or says why the folder does not take it. */
export async function openOutput(
  commands: Commands,
  path: string,
): Promise<{ handle: number } | { refused: string }> {
  try {
    const handle = await commands.run(z.int(), 'guest-file-open', { path, mode: 'w+' })
    return { handle }
  } catch (error) {
    if (error instanceof SeeError && error.code === 'AGENT_COMMAND_FAILED')
      return { refused: messageOf(error) }
    throw error
  }
}
