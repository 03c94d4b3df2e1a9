import {
  type CaptureAbility,
  type EvidenceWarning,
  type GuestInterfaces,
  messageOf,
  type ProbeTraffic,
  type RequestSource,
  SeeError,
  type SeeEvent,
  evidenceWarning,
} from '@see/core'
import { Capture, type CaptureOptions } from './capture.ts'
import type { ClaimedName } from '../results/claimed-names.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import type { EvidenceWriter } from '../results/evidence-writer.ts'
import { providerSource } from './provider-source.ts'
import { SinkholeRecord } from './sinkhole-record.ts'
import { tcpdumpSource, tcpdumpTargets } from './tcpdump-source.ts'
import { traceFailure, traceWarnings, untracedWarnings } from './trace-warnings.ts'

export interface TraceOptions extends Omit<CaptureOptions, 'file'> {
  readonly evidence: EvidenceWriter
  /** The program's path; empty where the provider captures. */
  readonly tcpdump: string
  /** The probes of the isolation, from then on as well. */
  readonly probes: readonly ProbeTraffic[]
  /** The event that starts the trace. */
  readonly event: SeeEvent
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
  readonly #name: ClaimedName
  readonly #capture: Capture
  readonly #options: TraceOptions
  readonly #warnings: EvidenceWarning[] = []
  #failure: SeeError | undefined
  #unwatch: (() => void) | undefined
  #requests: SinkholeRecord | undefined

  private constructor(name: ClaimedName, capture: Capture, options: TraceOptions) {
    this.path = capture.file.path
    this.#name = name
    this.#capture = capture
    this.#options = options
  }

  /**
   * Resolves when every packet from now on will be in the trace. Nothing is left when it throws.
   * @throws SeeError `HOOK_ORDER`, `TOOL_FAILED`, `NETWORK_INVALID` or `RESULTS_UNWRITABLE`
   */
  static async start(ability: CaptureAbility, options: TraceOptions): Promise<Trace> {
    const { evidence, event } = options
    const name = evidence.claim('', { extensions: ['pcap'] })
    let trace: Trace | undefined
    try {
      const file = evidence.entry(name.path('pcap'), { kind: 'network_trace', event })
      trace = new Trace(name, await Capture.create({ ...options, file }), options)
      await trace.#begin(ability)
      if (trace.#failure !== undefined) throw trace.#failure
      return trace
    } catch (error) {
      if (trace !== undefined) await trace.#undo()
      name.release()
      throw error
    }
  }

  /** Every file that it writes. */
  get files(): EvidenceEntry[] {
    const { file } = this.#capture
    return this.#requests === undefined ? [file] : [file, this.#requests.entry]
  }

  /** The files are complete then. */
  async stop(): Promise<TraceResult> {
    this.#unwatch?.()
    const result = await this.#capture.stop()
    const { packets, bytes } = result.budget
    const cut = this.#requests?.close() ?? []
    const missing = [...this.#warnings, ...traceWarnings(this.path, result)]
    const failure = this.#failure ?? traceFailure(this.path, result)
    this.#capture.file.end(missing.length === 0 && failure === undefined ? 'complete' : 'incomplete')
    this.#requests?.entry.end(cut.length === 0 ? 'complete' : 'incomplete')
    return { packets, bytes, warnings: [...missing, ...cut], failure }
  }

  async #undo(): Promise<void> {
    this.#unwatch?.()
    await this.#capture.stop()
    this.#requests?.close()
    for (const file of this.files) await file.remove()
  }

  async #begin(ability: CaptureAbility): Promise<void> {
    const { snapLength, event } = this.#options
    if (ability.sinkhole !== undefined) this.#record(ability.sinkhole)
    const capture = await ability.start({ snapLength })
    if (capture !== undefined) await this.#capture.add(async () => providerSource(capture))
    this.#unwatch = await rethrowAsInvalid(ability.interfaces?.watch((each) => this.#add(each)))
    if (capture !== undefined || this.#unwatch !== undefined) return
    throw new SeeError(
      'HOOK_ORDER',
      `cannot start a trace at ${event.name}: the guest has no network interface; leave NetworkTracerHook out`,
    )
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` */
  #record(source: RequestSource): void {
    const path = `${this.#name.base}_sinkhole.jsonl`
    const { evidence, event } = this.#options
    const facts = { kind: 'sinkhole_requests', event, of: this.path } as const
    try {
      this.#requests = new SinkholeRecord(source, evidence.entry(path, facts), this.#options.probes)
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

async function rethrowAsInvalid<Value>(watching: Promise<Value> | undefined): Promise<Value | undefined> {
  try {
    return await watching
  } catch (error) {
    throw new SeeError('NETWORK_INVALID', `the guest's network cannot be found: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
