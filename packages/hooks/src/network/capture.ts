import { setTimeout as sleep } from 'node:timers/promises'
import { SeeError } from '@see/core'
import { Latch } from '../processes/latch.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import type { PacketSource, SourceOutcome } from './packet-source.ts'
import { PcapCutter, TraceBudget } from './pcap-cutter.ts'
import { TraceFile } from './trace-file.ts'

/** It takes 15 to 30 ms; a busy host may take its time. */
const START_MS = 5000
const STOP_MS = 5000
/** How long nothing may have come for what was captured before the end to have arrived. */
const QUIET_MS = 30
const MOST_QUIET_MS = 500
/** How often packets that were sent before are counted. */
const COUNTS = 10

export interface CaptureOptions {
  /** The file to write; it must not exist. */
  readonly file: EvidenceEntry
  readonly limitBytes: number
  /** Bytes that are kept of each packet. */
  readonly snapLength: number
}

/** A source as it went. */
interface CapturedSource extends SourceOutcome {
  readonly name: string
  /** Packets that the guest had sent before; unknown when they cannot be counted. */
  readonly sentBefore: number | 'unknown'
}

export interface CaptureResult {
  readonly budget: TraceBudget
  /** Why not everything is in the file; undefined when it could be written. */
  readonly fileFailure: SeeError | undefined
  readonly sources: readonly CapturedSource[]
}

interface Running {
  readonly source: PacketSource
  readonly pumped: Promise<unknown>
  sentBefore: number | 'unknown'
}

/**
 * Packets of a guest's interfaces, written into one file as they come. They go through this process, so that the file has
 * its limit and ends with a whole packet, and so that who captures need not be able to write there.
 */
export class Capture {
  readonly file: EvidenceEntry
  readonly #file: TraceFile
  readonly #budget: TraceBudget
  readonly #sources: Running[] = []
  readonly #adding = new Set<Promise<unknown>>()
  #latest = 0

  private constructor(file: TraceFile, limitBytes: number) {
    this.file = file.entry
    this.#file = file
    this.#budget = new TraceBudget(limitBytes)
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` */
  static async create({ file, limitBytes, snapLength }: CaptureOptions): Promise<Capture> {
    return new Capture(await TraceFile.create(file, snapLength), limitBytes)
  }

  /**
   * Starts a source. Resolves when every packet from now on will be in the file.
   * @throws SeeError `TOOL_FAILED`
   */
  async add(start: () => Promise<PacketSource>): Promise<void> {
    const adding = this.#add(start)
    this.#adding.add(adding)
    await adding.finally(() => this.#adding.delete(adding))
  }

  /** Ends the capture; the file is complete then. Harmless when its sources have already ended. */
  async stop(): Promise<CaptureResult> {
    await Promise.allSettled(this.#adding)
    await this.#quiet()
    const sources = await Promise.all(this.#sources.map((each) => this.#stop(each)))
    await this.#file.close()
    return { budget: this.#budget, fileFailure: this.#file.failure, sources }
  }

  async #add(start: () => Promise<PacketSource>): Promise<void> {
    const source = await start()
    const begun = new Latch()
    const cutter = new PcapCutter(this.#budget)
    const running: Running = { source, pumped: this.#pump(source, cutter, begun), sentBefore: 0 }
    const timer = new AbortController()
    const outcome = await Promise.race([
      begun.opened.then(() => 'begun' as const),
      source.ended.then(() => 'ended' as const),
      running.pumped.then(() => 'ended' as const),
      sleep(START_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const),
    ])
    timer.abort()
    if (outcome !== 'begun') throw await notBegun(running, outcome)
    this.#sources.push(running)
    running.sentBefore = await missingOf(source, cutter)
  }

  /** Resolves with why it failed, or undefined. */
  async #pump(source: PacketSource, cutter: PcapCutter, begun: Latch): Promise<unknown> {
    try {
      for await (const chunk of source.packets) {
        this.#latest = performance.now()
        const packets = cutter.push(chunk)
        if (cutter.begun) begun.open()
        await this.#file.write(packets)
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  async #stop({ source, pumped, sentBefore }: Running): Promise<CapturedSource> {
    const stopping = source.isRunning
    await source.stop(STOP_MS)
    const failed = await pumped
    const outcome = await source.outcome(stopping)
    const failure = failed instanceof SeeError ? failed : outcome.failure
    return { ...outcome, failure, name: source.name, sentBefore }
  }

  async #quiet(): Promise<void> {
    const deadline = performance.now() + MOST_QUIET_MS
    this.#latest = performance.now()
    while (this.#sources.some(({ source }) => source.isRunning)) {
      await sleep(QUIET_MS)
      const now = performance.now()
      if (now - this.#latest >= QUIET_MS || now > deadline) return
    }
  }
}

/** What was captured takes its time to come here, so the smallest of some counts is the truest. */
async function missingOf(source: PacketSource, cutter: PcapCutter): Promise<number | 'unknown'> {
  let least = source.missing(cutter.packets)
  for (let tries = 0; tries < COUNTS && least !== 0 && least !== 'unknown'; tries++) {
    await sleep(QUIET_MS)
    const missing = source.missing(cutter.packets)
    if (missing === 'unknown' || missing < least) least = missing
  }
  return least
}

async function notBegun({ source, pumped }: Running, outcome: 'ended' | 'late'): Promise<SeeError> {
  await source.stop(STOP_MS)
  const failed = await pumped
  if (failed instanceof SeeError) return failed
  if (outcome === 'ended') return await source.failure()
  return new SeeError('TOOL_FAILED', `no capture began on ${source.name} within ${START_MS} ms`)
}
