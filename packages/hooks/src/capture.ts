import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, SeeError } from '@see/core'
import { evidenceModes } from './evidence-file.ts'
import { Latch } from './latch.ts'
import { PcapCutter } from './pcap-cutter.ts'
import type { PacketSource } from './packet-source.ts'

/** It takes 15 to 30 ms; a busy host may take its time. */
const START_MS = 5000
const STOP_MS = 5000
/** How long nothing may have come for what was captured before the end to have arrived. */
const QUIET_MS = 30
const MOST_QUIET_MS = 500

export interface CaptureOptions {
  /** The file to write; it must not exist. */
  readonly path: string
  readonly limitBytes: number
}

export interface CaptureResult {
  readonly packets: number
  /** Of the file. */
  readonly bytes: number
  /** Why not everything is in it. */
  readonly problem: SeeError | undefined
}

/**
 * Packets of a guest, written into a file as they come. They go through this process, so that the file has its limit
 * and ends with a whole packet, and so that who captures need not be able to write there.
 */
export class Capture {
  readonly path: string
  readonly #source: PacketSource
  readonly #cutter: PcapCutter
  readonly #running = new Latch()
  readonly #written: Promise<unknown>
  #latest = 0
  #stopping = false

  private constructor(source: PacketSource, { path, limitBytes }: CaptureOptions) {
    this.path = path
    this.#source = source
    this.#cutter = new PcapCutter(limitBytes)
    const file = createWriteStream(path, { flags: 'wx', mode: evidenceModes.file })
    this.#written = pipeline(source.packets, (packets) => this.#cut(packets), file).then(
      () => undefined,
      (error: unknown) => error,
    )
    // Nobody reads any more when the file is full, or cannot be written.
    void this.#written.then(() => source.stop(STOP_MS))
  }

  /**
   * Resolves when every packet from now on will be in the file.
   * @throws SeeError `TOOL_FAILED`, or `RESULTS_UNWRITABLE`
   */
  static async start(source: PacketSource, options: CaptureOptions): Promise<Capture> {
    const capture = new Capture(source, options)
    const timer = new AbortController()
    const outcome = await Promise.race([
      capture.#running.opened.then(() => 'running' as const),
      source.ended.then(() => 'ended' as const),
      capture.#written.then(() => 'ended' as const),
      sleep(START_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const),
    ])
    timer.abort()
    if (outcome === 'running') return capture
    throw await capture.#notStarted(outcome)
  }

  /** Ends the capture; the file is complete then. Harmless when it has ended by itself. */
  async stop(): Promise<CaptureResult> {
    await this.#quiet()
    this.#stopping = this.#source.isRunning
    await this.#source.stop(STOP_MS)
    const failed = await this.#written
    const { packets, bytes } = this.#cutter
    return { packets, bytes, problem: await this.#problem(failed) }
  }

  async *#cut(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#latest = performance.now()
      yield this.#cutter.push(chunk)
      // The file's header comes when the capture has begun.
      if (this.#cutter.bytes > 0) this.#running.open()
      if (this.#cutter.full) return
    }
  }

  async #quiet(): Promise<void> {
    const deadline = performance.now() + MOST_QUIET_MS
    this.#latest = performance.now()
    while (this.#source.isRunning && !this.#cutter.full) {
      await sleep(QUIET_MS)
      const now = performance.now()
      if (now - this.#latest >= QUIET_MS || now > deadline) return
    }
  }

  async #problem(failed: unknown): Promise<SeeError | undefined> {
    const { full } = this.#cutter
    if (full) {
      return new SeeError(
        'GUEST_OUTPUT_LIMIT',
        `the trace ${this.path} reached its limit and ends there: what the guest sent after that is not in it; raise trace_limit`,
      )
    }
    if (failed instanceof SeeError) return failed
    if (failed !== undefined) return unwritable(this.path, failed)
    return await this.#source.problem({ path: this.path, stopping: this.#stopping })
  }

  async #notStarted(outcome: 'ended' | 'late'): Promise<SeeError> {
    await this.#source.stop(STOP_MS)
    const failed = await this.#written
    if (failed instanceof SeeError) return failed
    if (failed instanceof Error && 'syscall' in failed && failed.syscall === 'open') {
      return unwritable(this.path, failed)
    }
    if (outcome === 'ended') return await this.#source.failure()
    return new SeeError('TOOL_FAILED', `no capture began within ${START_MS} ms`)
  }
}

function unwritable(path: string, error: unknown): SeeError {
  return new SeeError('RESULTS_UNWRITABLE', `the trace ${path} cannot be written: ${messageOf(error)}`, {
    cause: error,
  })
}
