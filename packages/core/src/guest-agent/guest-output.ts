import { z } from 'zod'
import { messageOf, SeeError } from '../errors.ts'
import type { Commands } from './channel.ts'
import { unlessSilent } from './unless-silent.ts'

const CHUNK_BYTES = 256 * 1024
/** At a time, so that a program that prints a lot does not hide its own end. */
const MOST_CHUNKS = 8
const FROM_START = 0
const FROM_END = 2
/** libvirt refuses a command of 192 KiB; 32 KiB are 43 KiB in Base64. */
const PROBE = Buffer.alloc(32 * 1024).toString('base64')

const position = z.object({ position: z.int().nonnegative() })
const chunk = z.object({ count: z.int().nonnegative(), 'buf-b64': z.base64().default(''), eof: z.boolean() })
const nothing = z.unknown()

/** Reads what is written to an open file of the guest as it comes, up to a bound. */
export class GuestOutput {
  truncated = false
  lost: string | null = null
  readonly #commands: Commands
  readonly #handle: number
  readonly #take: (part: Buffer) => void
  /** What is still kept, in bytes. */
  #room: number
  /** Where the agent reads next; undefined when an answer of its did not arrive. */
  #offset: number | undefined = 0
  #next = 0

  constructor(commands: Commands, handle: number, maxBytes: number, take: (part: Buffer) => void) {
    this.#commands = commands
    this.#handle = handle
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
      if (!(await this.#inPlace())) return false
      // One byte more than is kept tells whether there is more.
      const count = Math.min(this.#room + 1, CHUNK_BYTES)
      const part = await this.#read(count)
      if (part === undefined) return false
      if (part.length === 0) return !(await this.#wasEmptied())
      this.#keep(part)
      if (part.length < count) return true
    }
    return this.truncated
  }

  /** Whether the file's place in the guest takes no more, so that what the program printed last may be missing. */
  async isCut(): Promise<boolean> {
    const handle = this.#handle
    try {
      await this.#commands.run(position, 'guest-file-seek', { handle, offset: 0, whence: FROM_END })
      await this.#commands.run(nothing, 'guest-file-write', { handle, 'buf-b64': PROBE })
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

  /** For the agent to have one file open less; a guest that is gone has none. */
  async close(): Promise<void> {
    await this.#commands.run(nothing, 'guest-file-close', { handle: this.#handle }).catch(() => undefined)
  }

  async #inPlace(): Promise<boolean> {
    if (this.#offset !== undefined) return true
    if ((await this.#seek(this.#next, FROM_START)) === undefined) return false
    this.#offset = this.#next
    return true
  }

  async #read(count: number): Promise<Buffer | undefined> {
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
    this.#next += part.length
    this.#offset = this.#next
    return part
  }

  #keep(part: Buffer): void {
    if (part.length > this.#room) this.truncated = true
    const kept = part.subarray(0, this.#room)
    this.#room -= kept.length
    if (kept.length > 0) this.#take(kept)
  }

  /** A program can empty the file by reopening `/dev/stdout`; what it writes from then on begins at its start. */
  async #wasEmptied(): Promise<boolean> {
    if (this.#next === 0) return false
    this.#offset = undefined
    const size = await this.#seek(0, FROM_END)
    if (size === undefined || size >= this.#next) return false
    this.lost = 'the program emptied its own output: what it printed shortly before may be missing'
    this.#next = 0
    return true
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
