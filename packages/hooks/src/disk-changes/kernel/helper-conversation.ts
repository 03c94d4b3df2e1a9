import { PassThrough } from 'node:stream'
import { messageOf, SeeError } from '@see/core'
import type { DiskTools } from '../tools/disk-tools.ts'
import { type HelperFrame, HelperFrames } from './helper-frames.ts'
import { helperGuestArguments, type ReaderKit } from './helper-guest-arguments.ts'
import { Patience } from '../tools/patience.ts'

/** Booting takes seconds, and many times that on a busy host. What is on the disk has no part in it. */
const BOOT_MS = 60_000
const BOOT_SHARE = 1 / 2
/** A guest that says nothing new for so long hangs; less where less is left, so that the rest of a report can still be made. */
const PATIENCE_MS = 25_000
const PATIENCE_SHARE = 1 / 4
/** Share of the time that is left, for all that it does. */
const WHOLE_SHARE = 3 / 4

/** @returns whether it brings anything new, so that the guest is waited for */
type Take = (frame: HelperFrame) => boolean

interface Answer {
  readonly take: Take
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
  readonly #patience: Patience
  readonly #readerMs: number
  #answer: Answer | undefined
  #failure: unknown
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(tools: DiskTools, kit: ReaderKit, disk: string) {
    const { remainingMs } = tools
    const mostMs = Math.min(PATIENCE_MS, remainingMs * PATIENCE_SHARE)
    const bootMs = Math.max(mostMs, Math.min(BOOT_MS, remainingMs * BOOT_SHARE))
    this.#patience = new Patience(bootMs, remainingMs * WHOLE_SHARE)
    this.#readerMs = Math.min(mostMs, tools.listingBudget(disk).readerMs)
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

  /** What it says unasked: that it has booted, and then what it finds on the disk. */
  async greeting(take: Take): Promise<void> {
    let hasBooted = false
    await this.#exchange(undefined, (frame) => {
      if (hasBooted) return take(frame)
      if (frame.type !== 'S') unexpected(frame)
      hasBooted = true
      this.#patience.restart(this.#readerMs)
      return false
    })
    if (!hasBooted) throw new SeeError('TOOL_FAILED', 'the helper guest answered before it had booted')
  }

  /** @throws HelperRefusal, or SeeError when the guest is of no use any more */
  async ask(type: string, words: readonly string[], take: Take): Promise<void> {
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

  async #exchange(request: Buffer | undefined, take: Take): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      this.#answer = { take, resolve, reject }
      this.#patience.begin(performance.now())
      this.#wait()
      if (request !== undefined) this.#requests.write(request)
    })
  }

  #wait(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#patience.spend(performance.now())
      this.#fail(this.#lost())
      this.#over.abort()
    }, this.#patience.leftMs)
  }

  #lost(): SeeError {
    return new SeeError('TOOL_FAILED', `the helper guest ${this.#patience.loss}`)
  }

  #take(part: Buffer): void {
    try {
      this.#patience.spend(performance.now())
      this.#frames.push(part, (frame) => this.#handle(frame))
      if (this.#answer === undefined) return
      if (this.#patience.leftMs === 0) throw this.#lost()
      this.#wait()
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
      if (answer.take(frame)) this.#patience.gain()
      return
    }
    this.#patience.gainByAnswer()
    this.#answer = undefined
    clearTimeout(this.#timer)
    if (frame.type === 'K') answer.resolve()
    else answer.reject(new HelperRefusal(frame.payload.toString('latin1').replaceAll(/[^ -~]/g, '?')))
  }

  #fail(error: unknown): void {
    clearTimeout(this.#timer)
    this.#failure ??= error
    this.#answer?.reject(this.#failure)
    this.#answer = undefined
  }
}

/** What answers a request to which nothing is answered but its end. */
export function unexpected({ type }: HelperFrame): never {
  throw new Error(`the helper guest sent ${type} unasked`)
}
