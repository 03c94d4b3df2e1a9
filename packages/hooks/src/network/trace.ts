import { rm } from 'node:fs/promises'
import {
  type CaptureAbility,
  type EvidenceWarning,
  type GuestInterfaces,
  messageOf,
  type RequestSource,
  SeeError,
  evidenceWarning,
} from '@see/core'
import { Capture, type CaptureOptions } from './capture.ts'
import { providerSource } from './provider-source.ts'
import { SinkholeRecord } from './sinkhole-record.ts'
import { tcpdumpSource, tcpdumpTargets } from './tcpdump-source.ts'
import { traceFailure, traceWarnings, untracedWarnings } from './trace-warnings.ts'

export interface TraceOptions extends CaptureOptions {
  /** The program's path; empty where the provider captures. */
  readonly tcpdump: string
  /** The event that starts the trace, for the error. */
  readonly event: string
}

export interface TraceResult {
  readonly packets: number
  /** Size of the file, in bytes. */
  readonly bytes: number
  readonly warnings: readonly EvidenceWarning[]
  readonly failure: SeeError | undefined
}

/** The packets of all interfaces of a guest, from one event to another, however often it is powered on between them. */
export class Trace {
  readonly path: string
  readonly #capture: Capture
  readonly #options: TraceOptions
  readonly #warnings: EvidenceWarning[] = []
  #failure: SeeError | undefined
  #unwatch: (() => void) | undefined
  #requests: SinkholeRecord | undefined

  private constructor(capture: Capture, options: TraceOptions) {
    this.path = capture.path
    this.#capture = capture
    this.#options = options
  }

  /**
   * Resolves when every packet from now on will be in the trace. Nothing is left when it throws.
   * @throws SeeError `HOOK_ORDER`, `TOOL_FAILED`, `NETWORK_INVALID` or `RESULTS_UNWRITABLE`
   */
  static async start(ability: CaptureAbility, options: TraceOptions): Promise<Trace> {
    const trace = new Trace(await Capture.create(options), options)
    try {
      await trace.#begin(ability)
      if (trace.#failure !== undefined) throw trace.#failure
      return trace
    } catch (error) {
      trace.#unwatch?.()
      await trace.#capture.stop()
      trace.#requests?.close()
      for (const path of trace.files) await rm(path, { force: true })
      throw error
    }
  }

  /** Every file that it writes. */
  get files(): string[] {
    return this.#requests === undefined ? [this.path] : [this.path, this.#requests.path]
  }

  /** The files are complete then. */
  async stop(): Promise<TraceResult> {
    this.#unwatch?.()
    const result = await this.#capture.stop()
    const { packets, bytes } = result.budget
    const cut = this.#requests?.close() ?? []
    const warnings = [...this.#warnings, ...traceWarnings(this.path, result), ...cut]
    return { packets, bytes, warnings, failure: this.#failure ?? traceFailure(this.path, result) }
  }

  async #begin(ability: CaptureAbility): Promise<void> {
    const { snapLength, event } = this.#options
    if (ability.sinkhole !== undefined) this.#record(ability.sinkhole)
    const capture = await ability.start({ snapLength })
    if (capture !== undefined) await this.#capture.add(async () => providerSource(capture))
    this.#unwatch = await orInvalid(ability.interfaces?.watch((each) => this.#add(each)))
    if (capture !== undefined || this.#unwatch !== undefined) return
    throw new SeeError(
      'HOOK_ORDER',
      `cannot start a trace at ${event}: the guest has no network interface; leave NetworkTracerHook out`,
    )
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` */
  #record(source: RequestSource): void {
    const path = this.path.replace(/\.pcap$/, '_sinkhole.jsonl')
    try {
      this.#requests = new SinkholeRecord(source, path)
    } catch (error) {
      const message = `the record ${path} cannot be written: ${messageOf(error)}`
      throw new SeeError('RESULTS_UNWRITABLE', message, { cause: error })
    }
  }

  /** A failure must not prevent a guest from running: it is reported when the trace is stopped. */
  async #add(interfaces: GuestInterfaces): Promise<void> {
    const { tcpdump, snapLength } = this.#options
    this.#warnings.push(...untracedWarnings(this.path, interfaces))
    const adding = interfaces.points.flatMap(tcpdumpTargets).map(async (target) => {
      try {
        await this.#capture.add(() => tcpdumpSource(tcpdump, target, snapLength))
      } catch (error) {
        this.#failure ??= error instanceof SeeError ? error : new SeeError('TOOL_FAILED', messageOf(error))
        const what = `packets of the device ${target.point.device} in ${this.path}`
        this.#warnings.push(evidenceWarning('TRACE_CAPTURE_ENDED', what, messageOf(error)))
      }
    })
    await Promise.all(adding)
  }
}

async function orInvalid<Value>(watching: Promise<Value> | undefined): Promise<Value | undefined> {
  try {
    return await watching
  } catch (error) {
    throw new SeeError('NETWORK_INVALID', `the guest's network cannot be found: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
