import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnyEvent, type CapturePoint, eventNames, Hook, messageOf, SeeError, z } from '@see/core'
import { assertCapturable } from './assert-capturable.ts'
import { Capture } from './capture.ts'
import type { PacketSource } from './packet-source.ts'
import { providerSource } from './provider-source.ts'
import { requireTool } from './required-tool.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { tcpdumpSource } from './tcpdump-source.ts'

const schema = z.object({
  results_folder: z.string().min(1).describe('The folder for the traces; made when it is missing.'),
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

/** Captures what passes the guest's network device into `<identifier>.pcap`, from one event to another. */
export class NetworkTracerHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #traces: string[] = []
  #capture: Capture | undefined
  #folder = ''
  #tcpdump = ''

  async setup(): Promise<void> {
    const { results_folder, start_trace_on_event, stop_trace_on_event } = this.configuration
    this.#folder = await prepareResultsFolder(results_folder)
    if (this.context.resources.capture === undefined) {
      this.#tcpdump = await requireTool('tcpdump', 'tcpdump')
      const point = await this.#capturePoint()
      if (point !== undefined) await assertCapturable(this.#tcpdump, point.device)
    }
    for (const event of new Set(start_trace_on_event)) this.context.subscribe(event, this.startTrace)
    for (const event of new Set(stop_trace_on_event)) this.context.subscribe(event, this.stopTrace)
  }

  readonly startTrace = async (event: AnyEvent): Promise<void> => {
    if (this.#capture !== undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot start a trace at ${event.name}: ${this.#capture.path} is still being written; stop it before`,
      )
    }
    const source = await this.#source()
    if (source === undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot start a trace at ${event.name}: the guest has no network device by then; set start_trace_on_event to post_poweron`,
      )
    }
    const path = this.#nextPath()
    const limitBytes = Math.floor(this.configuration.trace_limit * 1000)
    this.#capture = await Capture.start(source, { path, limitBytes })
    this.#traces.push(path)
    this.logger.info({ path }, 'network tracing started')
    await this.context.trigger('network_tracing_started', { path })
  }

  readonly stopTrace = async (event: AnyEvent): Promise<void> => {
    const capture = this.#capture
    if (capture === undefined) {
      throw new SeeError(
        'HOOK_ORDER',
        `cannot stop a trace at ${event.name}: none is running; was the event of start_trace_on_event fired before?`,
      )
    }
    this.#capture = undefined
    const { packets, bytes, problem } = await capture.stop()
    this.logger.info({ path: capture.path, packets, bytes }, 'network tracing stopped')
    await this.context.trigger('network_tracing_stopped', { path: capture.path, packets, bytes })
    if (problem !== undefined) throw problem
  }

  /** @throws what is wrong with a trace that no event stopped */
  override async cleanup(): Promise<void> {
    const result = await this.#capture?.stop()
    this.#capture = undefined
    if (this.configuration.delete_trace_file) {
      await Promise.all(this.#traces.map((path) => rm(path, { force: true })))
    }
    if (result?.problem !== undefined) throw result.problem
  }

  /** The provider's own capture where it has one, else tcpdump; undefined while there is nothing to capture. */
  async #source(): Promise<PacketSource | undefined> {
    const { resources } = this.context
    const { snap_length: snapLength } = this.configuration
    if (resources.capture !== undefined) {
      const capture = await resources.capture({ snapLength })
      return capture === undefined ? undefined : providerSource(capture)
    }
    const point = await this.#capturePoint()
    return point === undefined ? undefined : await tcpdumpSource(this.#tcpdump, point, snapLength)
  }

  async #capturePoint(): Promise<CapturePoint | undefined> {
    const { resources } = this.context
    if (resources.capturePoint === undefined) {
      throw new SeeError(
        'CONFIGURATION_INVALID',
        'sandboxes of this provider have no network to trace; leave NetworkTracerHook out, or say "optional": true',
      )
    }
    try {
      return await resources.capturePoint()
    } catch (error) {
      throw new SeeError('NETWORK_INVALID', `the guest's network cannot be found: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  #nextPath(): string {
    const number = this.#traces.length + 1
    return join(this.#folder, `${this.identifier}${number === 1 ? '' : `_${number}`}.pcap`)
  }
}
