import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CapturePoint, messageOf, SeeError } from '@see/core'
import { Latch } from './latch.ts'
import { PcapCutter } from './pcap-cutter.ts'
import { TetheredProcess } from './tethered-process.ts'

/** It takes 15 to 30 ms; a busy host may take its time. */
const START_MS = 5000
const STOP_MS = 5000
/** How long nothing may have come for what was captured before the end to have arrived. */
const QUIET_MS = 30
const MOST_QUIET_MS = 500
/** KiB that the kernel keeps for us while this process is busy with something else. */
const KERNEL_BUFFER_KIB = 16_384

export interface CaptureOptions {
  /** The program. */
  readonly tcpdump: string
  /** The file to write; it must not exist. */
  readonly path: string
  readonly limitBytes: number
  /** Bytes that are kept of each packet. */
  readonly snapLength: number
}

export interface CaptureResult {
  readonly packets: number
  /** Of the file. */
  readonly bytes: number
  /** Why not everything is in it. */
  readonly problem: SeeError | undefined
}

/**
 * Packets of a device, written into a file as they come. They go through this process, so that the file has its limit
 * and ends with a whole packet, and so that tcpdump, which gives up its rights, need not be able to write there.
 */
export class Capture {
  readonly path: string
  readonly #process: TetheredProcess
  readonly #cutter: PcapCutter
  readonly #running = new Latch()
  readonly #written: Promise<unknown>
  #latest = 0
  #stopping = false

  private constructor(process: TetheredProcess, { path, limitBytes }: CaptureOptions) {
    this.path = path
    this.#process = process
    this.#cutter = new PcapCutter(limitBytes)
    const file = createWriteStream(path, { flags: 'wx' })
    this.#written = pipeline(process.stdout, (source) => this.#cut(source), file).then(
      () => undefined,
      (error: unknown) => error,
    )
    // Nobody reads any more when the file is full, or cannot be written.
    void this.#written.then(() => process.stop(STOP_MS))
  }

  /**
   * Resolves when every packet from now on will be in the file.
   * @throws SeeError `TOOL_FAILED`, or `RESULTS_UNWRITABLE`
   */
  static async start(point: CapturePoint, options: CaptureOptions): Promise<Capture> {
    const process = await TetheredProcess.start(captureCommand(point, options))
    const capture = new Capture(process, options)
    const timer = new AbortController()
    const outcome = await Promise.race([
      capture.#running.opened.then(() => 'running' as const),
      process.ended.then(() => 'ended' as const),
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
    this.#stopping = this.#process.isRunning
    await this.#process.stop(STOP_MS)
    const failed = await this.#written
    const { packets, bytes } = this.#cutter
    return { packets, bytes, problem: await this.#problem(failed) }
  }

  async *#cut(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#latest = performance.now()
      yield this.#cutter.push(chunk)
      // tcpdump writes the file's header when it has begun to listen.
      if (this.#cutter.bytes > 0) this.#running.open()
      if (this.#cutter.full) return
    }
  }

  async #quiet(): Promise<void> {
    const deadline = performance.now() + MOST_QUIET_MS
    this.#latest = performance.now()
    while (this.#process.isRunning && !this.#cutter.full) {
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
    const { stderr } = this.#process
    // A guest that is powered off takes its own device with it.
    const deviceGone = /interface disappeared|network is down/i.test(stderr)
    if (!this.#stopping && !deviceGone) return await this.#process.failure()
    const dropped = Number(/^(\d+) packets? dropped by kernel/m.exec(stderr)?.[1] ?? 0)
    if (dropped === 0) return undefined
    return new SeeError(
      'TOOL_FAILED',
      `${dropped} packets are not in the trace ${this.path}: they came too fast`,
    )
  }

  async #notStarted(outcome: 'ended' | 'late'): Promise<SeeError> {
    await this.#process.stop(STOP_MS)
    const failed = await this.#written
    if (failed instanceof SeeError) return failed
    if (failed instanceof Error && 'syscall' in failed && failed.syscall === 'open') {
      return unwritable(this.path, failed)
    }
    if (outcome === 'ended') return await this.#process.failure()
    return new SeeError('TOOL_FAILED', `tcpdump did not begin to listen within ${START_MS} ms`)
  }
}

function unwritable(path: string, error: unknown): SeeError {
  return new SeeError('RESULTS_UNWRITABLE', `the trace ${path} cannot be written: ${messageOf(error)}`, {
    cause: error,
  })
}

function captureCommand(
  { device, macAddress }: CapturePoint,
  { tcpdump, snapLength }: CaptureOptions,
): [string, ...string[]] {
  // Every packet at once, and none left in a buffer at the end.
  const output = ['--immediate-mode', '-U', '-w', '-']
  const input = ['-i', device, '-n', '-s', String(snapLength), '-B', String(KERNEL_BUFFER_KIB)]
  const filter = macAddress === undefined ? [] : [`ether host ${macAddress} or ether multicast`]
  return [tcpdump, ...input, ...output, ...filter]
}
