import { type AnyEvent, eventNames, Hook, requireAbility, SeeError, z } from '@see/core'
import { assertCapturable } from './assert-capturable.ts'
import { requireHookTool } from '../processes/required-tool.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'
import { Trace } from './trace.ts'

const schema = z.object({
  results_folder: resultsKey('the traces'),
  start_trace_on_event: eventNames
    .prefault('pre_poweron')
    .describe('The event or events at which a trace begins.'),
  stop_trace_on_event: eventNames
    .prefault(['post_poweroff', 'post_shutdown'])
    .describe('The event or events at which it ends, complete.'),
  trace_limit: z
    .number()
    .positive()
    .max(10_000_000)
    .default(50_000)
    .describe('Kilobytes, of 1000 bytes, that a trace may have; it ends with the last packet that fits.'),
  snap_length: z.int().min(64).max(262_144).default(262_144).describe('Bytes that are kept of each packet.'),
  delete_trace_file: z
    .boolean()
    .default(false)
    .describe('Deletes the traces when the environment is deallocated.'),
})

/** Captures what passes the guest's network devices into `<identifier>.pcap`, from one event to another. */
export class NetworkTracerHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)
  readonly #traces: EvidenceEntry[] = []
  #trace: Trace | undefined
  #tcpdump = ''

  async setup(): Promise<void> {
    const { start_trace_on_event, stop_trace_on_event } = this.configuration
    const { interfaces } = requireAbility(this.context, 'capture', { for: 'NetworkTracerHook' })
    await this.#evidence.open()
    if (interfaces !== undefined) {
      this.#tcpdump = await requireHookTool('tcpdump')
      await assertCapturable(this.#tcpdump)
    }
    for (const event of new Set(start_trace_on_event)) this.context.subscribe(event, this.startTrace)
    for (const event of new Set(stop_trace_on_event)) this.context.subscribe(event, this.stopTrace)
  }

  readonly startTrace = async (event: AnyEvent): Promise<void> => {
    if (this.#trace !== undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot start a trace at ${event.name}: ${this.#trace.path} is still being written; stop it before`,
      )
    }
    const { trace_limit, snap_length: snapLength } = this.configuration
    this.#trace = await Trace.start(requireAbility(this.context, 'capture', { for: 'NetworkTracerHook' }), {
      evidence: this.#evidence,
      limitBytes: Math.floor(trace_limit * 1000),
      snapLength,
      tcpdump: this.#tcpdump,
      probes: this.context.probes,
      event,
    })
    this.#traces.push(...this.#trace.files)
    const { path } = this.#trace
    this.logger.info({ path }, 'network tracing started')
    await this.context.trigger('network_tracing_started', { path })
  }

  readonly stopTrace = async (event: AnyEvent): Promise<void> => {
    const trace = this.#trace
    if (trace === undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot stop a trace at ${event.name}: none is running; was the event of start_trace_on_event fired before?`,
      )
    }
    this.#trace = undefined
    const { path } = trace
    const { packets, bytes, warnings, failure } = await trace.stop()
    this.logger.info({ path, packets, bytes }, 'network tracing stopped')
    for (const warning of warnings) await this.context.warn(warning)
    await this.context.trigger('network_tracing_stopped', { path, packets, bytes, warnings })
    if (failure !== undefined) throw failure
  }

  /** @throws what is wrong with a trace that no event stopped */
  override async cleanup(): Promise<void> {
    const result = await this.#trace?.stop()
    this.#trace = undefined
    for (const warning of result?.warnings ?? []) await this.context.warn(warning)
    if (this.configuration.delete_trace_file) {
      await Promise.all(this.#traces.map((trace) => trace.remove()))
    }
    if (result?.failure !== undefined) throw result.failure
  }
}
