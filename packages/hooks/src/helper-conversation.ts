import { PassThrough } from 'node:stream'
import { messageOf, SeeError } from '@see/core'
import type { DiskTools } from './disk-tools.ts'
import { type HelperFrame, HelperFrames } from './helper-frames.ts'
import { helperGuestArguments, type ReaderKit } from './helper-guest-arguments.ts'

/** A guest that says nothing for so long hangs; less where less is left, so that the rest of a report can still be made. */
const SILENCE_MS = 25_000
const SILENCE_SHARE = 1 / 4

interface Answer {
  readonly take: (frame: HelperFrame) => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A request that the helper guest could not do; it goes on. */
export class HelperRefusal extends Error {}

/** One request at a time, each answered by messages and an end. */
export class HelperConversation {
  readonly #frames = new HelperFrames()
  readonly #requests = new PassThrough()
  readonly #over = new AbortController()
  readonly #ended: Promise<void>
  readonly #silenceMs: number
  #answer: Answer | undefined
  #failure: unknown
  #silence: NodeJS.Timeout | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(tools: DiskTools, kit: ReaderKit, disk: string) {
    this.#silenceMs = Math.min(SILENCE_MS, tools.remainingMs * SILENCE_SHARE)
    const readable = [disk, kit.kernel, kit.initramfs]
    const streams = {
      stdin: this.#requests,
      onStdout: (part: Buffer) => this.#take(part),
      signal: this.#over.signal,
    }
    this.#ended = tools.converse(helperGuestArguments(kit, disk), readable, streams).then(
      (said) => this.#fail(new SeeError('TOOL_FAILED', `the helper guest ended: ${said}`)),
      (error: unknown) => this.#fail(error),
    )
  }

  /** What it says by itself when it has booted. */
  async greeting(take: (frame: HelperFrame) => void): Promise<void> {
    await this.#exchange(undefined, take)
  }

  /** @throws HelperRefusal, or SeeError when the guest is of no use any more */
  async ask(type: string, words: readonly string[], take: (frame: HelperFrame) => void): Promise<void> {
    const payload = Buffer.from(words.map((word) => `${word}\0`).join(''), 'latin1')
    const head = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0])
    head.writeUInt32BE(payload.length, 1)
    const exchange = this.#turn.then(() => this.#exchange(Buffer.concat([head, payload]), take))
    this.#turn = exchange.catch(() => undefined)
    await exchange
  }

  /** Nothing of the guest runs any more when this returns. */
  async end(): Promise<void> {
    this.#over.abort()
    await this.#ended
  }

  async #exchange(request: Buffer | undefined, take: (frame: HelperFrame) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      this.#answer = { take, resolve, reject }
      this.#listen()
      if (request !== undefined) this.#requests.write(request)
    })
  }

  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      const seconds = Math.round(this.#silenceMs / 1000)
      this.#fail(new SeeError('TOOL_FAILED', `the helper guest said nothing for ${seconds} s`))
      this.#over.abort()
    }, this.#silenceMs)
  }

  #take(part: Buffer): void {
    try {
      this.#listen()
      this.#frames.push(part, (frame) => this.#handle(frame))
    } catch (error) {
      const reason =
        error instanceof SeeError ? error : new SeeError('TOOL_FAILED', messageOf(error), { cause: error })
      this.#fail(reason)
      throw reason
    }
  }

  #handle(frame: HelperFrame): void {
    const answer = this.#answer
    if (answer === undefined) unexpected(frame)
    if (frame.type !== 'K' && frame.type !== 'X') {
      answer.take(frame)
      return
    }
    this.#answer = undefined
    clearTimeout(this.#silence)
    if (frame.type === 'K') answer.resolve()
    else answer.reject(new HelperRefusal(frame.payload.toString('latin1').replaceAll(/[^ -~]/g, '?')))
  }

  #fail(error: unknown): void {
    clearTimeout(this.#silence)
    this.#failure ??= error
    this.#answer?.reject(this.#failure)
    this.#answer = undefined
  }
}

/** What answers a request to which nothing is answered but its end. */
export function unexpected({ type }: HelperFrame): never {
  throw new Error(`the helper guest sent ${type} unasked`)
}
