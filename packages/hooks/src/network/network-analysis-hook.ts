import { rename, rm } from 'node:fs/promises'
import {
  type AnyEvent,
  eventNames,
  type EventOf,
  type EvidenceWarning,
  evidenceWarning,
  Hook,
  SeeError,
  z,
} from '@see/core'
import { assertConfinement } from '../confinement/confined-command.ts'
import { escapedJson } from '../results/escape-text.ts'
import type { ClaimedName } from '../results/claimed-names.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { NetworkLog } from './network-log.ts'
import { Summary } from './network-summary.ts'
import { ProbePackets } from './probe-packets.ts'
import { requireHookTool } from '../processes/required-tool.ts'
import { resultsKey } from '../results/results-key.ts'
import { throwAll } from '../results/throw-all.ts'
import { TraceFrames } from './trace-frames.ts'
import { dissect } from './tshark.ts'

const schema = z.object({
  results_folder: resultsKey('the log and the summary'),
  start_processing_on_event: eventNames
    .prefault('start_analysis')
    .describe('The event or events at which the traces that are complete by then are analysed.'),
  wait_processing_on_event: eventNames
    .prefault('wait_analysis')
    .describe('The event or events that are held back until that is done.'),
  log_format: z
    .enum(['text', 'json'], {
      error:
        'expected "text" or "json"; for another format of tshark let AnalyserHook run it on network_tracing_stopped',
    })
    .default('text')
    .describe('`text`, or `json`: an array with an object for each packet.'),
  packet_limit: z
    .int()
    .positive()
    .max(1_000_000)
    .default(200_000)
    .describe('Packets of a trace that are analysed.'),
  timeout: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .describe('Seconds that the analysis of a trace may take.'),
})

/** A trace that NetworkTracerHook announced. */
interface Trace {
  /** Name of its log and its summary. */
  readonly name: ClaimedName
  /** How many packets are in it, once it is complete. */
  packets?: number
  /** What the trace lacks, once it is complete. */
  warnings: readonly EvidenceWarning[]
  analysed: boolean
}

/** Writes `<identifier>_network.log` and the summary `<identifier>_network.json` of a finished trace. */
export class NetworkAnalysisHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #traces = new Map<string, Trace>()
  readonly #warnings: EvidenceWarning[] = []
  #processing: Promise<void> | undefined
  readonly #evidence = new EvidenceWriter(this)
  #tshark = ''

  async setup(): Promise<void> {
    const { start_processing_on_event, wait_processing_on_event } = this.configuration
    await this.#evidence.open()
    this.#tshark = await requireHookTool('tshark')
    await assertConfinement(this.context.signal)
    this.context.subscribe('network_tracing_started', this.traceStarted)
    this.context.subscribe('network_tracing_stopped', this.traceStopped)
    for (const event of new Set(start_processing_on_event)) {
      this.context.subscribeAsync(event, this.startProcessing)
    }
    for (const event of new Set(wait_processing_on_event)) {
      this.context.subscribe(event, this.waitForProcessing)
    }
  }

  readonly traceStarted = ({ path }: EventOf<'network_tracing_started'>): void => {
    const name = this.#evidence.claim('network', { extensions: ['log', 'json'] })
    this.#traces.set(path, { name, warnings: [], analysed: false })
  }

  readonly traceStopped = ({ path, packets, warnings }: EventOf<'network_tracing_stopped'>): void => {
    const trace = this.#traces.get(path)
    if (trace === undefined) return
    trace.packets = packets
    trace.warnings = warnings
  }

  readonly startProcessing = (event: AnyEvent): Promise<void> => {
    // One after the other: a trace that is being analysed is none to begin with.
    const before = this.#processing?.catch(() => undefined)
    this.#processing = before === undefined ? this.#process(event) : before.then(() => this.#process(event))
    return this.#processing
  }

  /** The handler that failed reports the failure. */
  readonly waitForProcessing = async (event: AnyEvent): Promise<void> => {
    if (this.#processing === undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `nothing to wait for at ${event.name}: no event of start_processing_on_event was fired before`,
      )
    }
    await this.#processing.catch(() => undefined)
    await this.#warn()
  }

  /** A trace whose analysis was never started is a warning. */
  override async cleanup(): Promise<void> {
    await this.#warn()
    for (const [path, { analysed }] of this.#traces) {
      if (analysed) continue
      const why = 'no event started the analysis after the trace was complete'
      await this.context.warn(evidenceWarning('EVIDENCE_UNPROCESSED', `log and summary of ${path}`, why))
    }
  }

  /** An asynchronous handler cannot fire events that the handler which waits for it would wait for. */
  async #warn(): Promise<void> {
    for (const warning of this.#warnings.splice(0)) await this.context.warn(warning)
  }

  async #process(event: AnyEvent): Promise<void> {
    const waiting = [...this.#traces].filter(([, { analysed }]) => !analysed)
    if (waiting.length === 0) {
      throw new SeeError(
        'HOOK_ORDER',
        `nothing to analyse at ${event.name}: there is no trace by then; add NetworkTracerHook, and check its start_trace_on_event`,
      )
    }
    const failures: unknown[] = []
    for (const [path, trace] of waiting) {
      await this.#processTrace(path, trace, event).catch((error: unknown) => failures.push(error))
    }
    throwAll(failures)
  }

  async #processTrace(path: string, trace: Trace, event: AnyEvent): Promise<void> {
    if (trace.packets === undefined && !(await this.#guestEnded())) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot analyse at ${event.name}: ${path} is still being written; stop it before, by stop_trace_on_event`,
      )
    }
    trace.analysed = true
    await this.#analyse(path, trace, event)
  }

  /** No event reports a guest that stopped on its own, but its trace is also whole. */
  async #guestEnded(): Promise<boolean> {
    const state = await this.context.state()
    return state === 'shutoff' || state === 'crashed'
  }

  async #analyse(path: string, { name, packets: expected, warnings }: Trace, event: AnyEvent): Promise<void> {
    const { log_format, packet_limit: packetLimit, timeout } = this.configuration
    const { signal } = this.context
    const options = { tshark: this.#tshark, packetLimit, timeoutMs: timeout * 1000, signal }
    const summaryFile = this.#evidence.entry(name.path('json'), { kind: 'network_summary', event, of: path })
    const logFile = this.#evidence.entry(name.path('log'), {
      kind: 'network_log',
      event,
      of: path,
      ...(log_format === 'json' && { mediaType: 'application/json' }),
    })
    const part = `${logFile.path}.part`
    try {
      using frames = new TraceFrames(path)
      const summary = new Summary(frames, new ProbePackets(this.context.probes))
      using log = new NetworkLog(part, log_format, (bytes) => logFile.pass(bytes))
      const packets = await dissect(path, [log, summary], options)
      if (expected !== undefined && packets < Math.min(expected, packetLimit)) {
        throw new SeeError(
          'TOOL_FAILED',
          `tshark listed ${packets} packets in ${path}, which has ${expected}`,
        )
      }
      log.end()
      await rename(part, logFile.path)
      const report = summary.of({ path, unread: unreadOf(packets, expected, packetLimit), warnings })
      const state = report.warnings.length === 0 ? 'complete' : 'incomplete'
      logFile.end(state)
      await summaryFile.write(`${escapedJson(report, 2)}\n`, state)
      this.#warnings.push(...report.warnings)
      this.logger.info({ path: summaryFile.path, packets }, 'network trace analysed')
    } finally {
      await rm(part, { force: true })
    }
  }
}

/** Packets of a trace beyond those that were read; null when there may be some, of a trace that was not stopped. */
function unreadOf(read: number, expected: number | undefined, packetLimit: number): number | null {
  if (expected !== undefined) return Math.max(0, expected - read)
  return read < packetLimit ? 0 : null
}
