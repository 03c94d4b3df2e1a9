import {
  type EventOf,
  type EvidenceWarning,
  type ExecResult,
  Hook,
  type LateOutput,
  messageOf,
  type OutputStream,
  SeeError,
  type SeeEvent,
} from '@see/core'
import { AgentAddress } from './agent-address.ts'
import { assertExecuted } from './assert-executed.ts'
import type { CommandProgress, CopiedRequest, PreparedCommand } from './command-channel.ts'
import { CommandFiles, type CommandRecord, isOutputWhole, newRecord } from './command-record.ts'
import { type CommandRequest, requestOf } from './command-request.ts'
import { openOutputWarnings, silentAgent, warnOfCommand } from './command-warnings.ts'
import { commandsSchema } from './commands-settings.ts'
import { assertAgent, configuredChannel } from './configured-channel.ts'
import { GuestLife } from '../guest/guest-life.ts'
import { isOfEndingGuest } from './is-of-ending-guest.ts'
import { LastLook } from './last-look.ts'
import { Latch } from '../processes/latch.ts'
import { type Collected, LateCollection } from './late-collection.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { copyOf } from './sample-copy.ts'

/** After these, nothing that ran in the guest before prints any more. */
const ENDS = [
  'post_restart',
  'post_shutdown',
  'post_poweroff',
  'domain_crashed',
  'domain_stopped',
  'domain_rebooted',
] as const

/** Runs commands and samples in the guest, through its agent, at the events `run_command` and `run_sample`. */
export class CommandsHook extends Hook<typeof commandsSchema> {
  static override readonly schema: typeof commandsSchema = commandsSchema
  readonly #started = new WeakMap<SeeEvent, Latch>()
  readonly #running = new Set<LastLook>()
  readonly #late = new Set<LateCollection>()
  readonly #lateFailures: unknown[] = []
  readonly #evidence = new EvidenceWriter(this)
  readonly #address = new AgentAddress(this.configuration['agent-host'])
  readonly #channel = configuredChannel(this.context, this.configuration, this.#address)

  async setup(): Promise<void> {
    if (this.configuration['agent-port'] === undefined) {
      assertAgent(this.context)
    } else {
      this.context.subscribe('ip_address', this.hearAddress)
      this.context.subscribe('post_poweroff', this.forgetAddress)
      this.context.subscribe('post_shutdown', this.forgetAddress)
    }
    for (const event of ['pre_pause', 'pre_restart', 'pre_shutdown', 'pre_poweroff'] as const) {
      this.context.subscribe(event, this.lookOnceMore)
    }
    this.context.subscribe('post_resume', this.hearResume)
    for (const event of ENDS) this.context.subscribe(event, this.endLateOutput)
    await this.#evidence.open()
    for (const event of ['run_command', 'run_sample'] as const) {
      this.context.subscribeAsync(event, this.runInBackground)
      this.context.subscribe(event, this.run)
    }
  }

  readonly hearAddress = (event: EventOf<'ip_address'>): void => this.#address.hear(event)

  readonly forgetAddress = (): void => this.#address.forget()

  /** A command that has ended by now has its exit code, and its output, on record before its guest stops. */
  readonly lookOnceMore = async (): Promise<void> => {
    if (!(await this.#isGuestRunning())) return
    await Promise.all(Array.from(this.#running, (running) => running.taken()))
    await Promise.all(Array.from(this.#late, (late) => late.look()))
  }

  readonly hearResume = (): void => {
    for (const running of this.#running) running.resumed()
  }

  readonly endLateOutput = async (): Promise<void> => {
    await Promise.all(Array.from(this.#late, (late) => late.end()))
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` or `RESULTS_LOST` when output that came late could not be written */
  override async cleanup(): Promise<void> {
    if (await this.#isGuestRunning()) await Promise.all(Array.from(this.#late, (late) => late.look()))
    await this.endLateOutput()
    if (this.#lateFailures.length > 0) throw this.#lateFailures[0]
  }

  /** Runs the command and holds the event back; of one in the background, waits only until it has been started. */
  readonly run = async (event: SeeEvent): Promise<void> => {
    const started = this.#started.get(event)
    await (started === undefined ? this.#run(event, requestOf(event)) : started.opened)
  }

  readonly runInBackground = async (event: SeeEvent): Promise<void> => {
    if (!('async_flag' in event) || event.async_flag !== true) return
    const started = new Latch()
    this.#started.set(event, started)
    try {
      await this.#run(event, requestOf(event), started)
    } finally {
      started.open()
    }
  }

  async #run(event: SeeEvent, request: CommandRequest, started?: Latch): Promise<void> {
    const files = new CommandFiles(this.#evidence, event)
    const record = newRecord(event, request)
    using life = new GuestLife(this.context)
    const look = new LastLook()
    let late: LateOutput | undefined
    let silence: EvidenceWarning | undefined
    try {
      await files.writeRecord(record)
      await using copy = await copyOf(request, life.signal)
      record.sha256 = copy?.sha256 ?? null
      const command = await this.#prepare({ ...request, copy }, record, life.signal)
      // A process that is killed leaves a copy behind: there is one for as short as it can be.
      if (this.#channel.bringsWhenPrepared) await copy?.[Symbol.asyncDispose]()
      record.status = 'running'
      record.started = new Date().toISOString()
      await files.writeRecord(record)
      await files.openOutput()
      this.#running.add(look)
      if (this.#channel.startsWhenSent) started?.open()
      const onOutput = (stream: OutputStream, chunk: Buffer): void => {
        files.addOutput(stream, chunk)
        if (record.duration_ms !== null) record.late_bytes[stream] += chunk.length
      }
      const progress = { onOutput, onRunning: look.looked }
      const result = await this.#execute(command, record, life.signal, progress)
      late = result?.late
      const isComplete = isOutputWhole(record)
      await (late === undefined ? files.closeOutput({ isComplete }) : files.flushOutput())
      if (result !== undefined) assertExecuted(request, record, result)
      if (late !== undefined) this.#collectLate({ late, files, record })
    } catch (error) {
      await files.closeOutput({ isComplete: false }).catch(() => undefined)
      await late?.close().catch(() => undefined)
      late = undefined
      if (this.context.guestEnds.length === 0) silence = silentAgent(look.unheardMs)
      await this.#fail(error, request, record, life)
    } finally {
      await files.writeRecord(record, late === undefined)
      this.#running.delete(look)
      look.end()
      // What is fired from here on has to wait for the event that waits for this.
      started?.open()
    }
    await this.#warn(record)
    if (silence !== undefined && record.status === 'running') await this.context.warn(silence)
    if (record.status === 'finished') await this.#tell(record, files)
  }

  #collectLate(collected: Collected): void {
    const collection = new LateCollection(collected, async () => {
      this.#late.delete(collection)
      await this.#warn(collected.record)
      for (const warning of openOutputWarnings(collected.record, collection)) await this.context.warn(warning)
    })
    this.#late.add(collection)
    const isGuestRunning = () => this.#isGuestRunning()
    collection.run(isGuestRunning, this.context.signal).catch((error: unknown) => {
      this.#lateFailures.push(error)
    })
  }

  async #warn(record: CommandRecord): Promise<void> {
    await warnOfCommand(this.context, record, this.configuration.output_limit)
  }

  async #prepare(
    request: CopiedRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<PreparedCommand> {
    await this.#assertRunning(record.event)
    return await this.#channel.prepare(request, record, signal)
  }

  async #isGuestRunning(): Promise<boolean> {
    return (await this.context.state().catch(() => 'nostate')) === 'running'
  }

  async #assertRunning(event: string): Promise<void> {
    const state = await this.context.state()
    if (state === 'running') return
    throw new SeeError(
      'GUEST_STOPPED',
      `${event}: the guest is ${state}; power it on, or resume it, before something is run in it`,
    )
  }

  /** Undefined when the command runs on in the background, and its end is never reported. */
  async #execute(
    command: PreparedCommand,
    record: CommandRecord,
    signal: AbortSignal,
    progress: CommandProgress,
  ): Promise<ExecResult | undefined> {
    const start = performance.now()
    this.logger.info({ command: record.command }, 'running in the guest')
    const result = await command(signal, progress).finally(() => {
      record.duration_ms = Math.round(performance.now() - start)
    })
    if (result === undefined) {
      record.duration_ms = null
      return undefined
    }
    const isKnown = result.exitCode !== null || result.signal !== null
    if (isKnown) record.status = 'finished'
    else record.error = result.lost
    record.exit_code = result.exitCode
    record.signal = result.signal
    record.truncated = result.truncated
    record.lost = result.lost
    return result
  }

  /** A guest that ends before what runs in it in the background is no failure; everything else is. */
  async #fail(
    error: unknown,
    { inBackground }: CommandRequest,
    record: CommandRecord,
    life: GuestLife,
  ): Promise<void> {
    record.error = messageOf(error)
    const guestEnded = record.status === 'running' && (await isOfEndingGuest(error, life))
    if (guestEnded) record.error = `still running when its guest ended: ${messageOf(life.signal.reason)}`
    if (guestEnded && inBackground) return
    record.status = 'failed'
    throw error
  }

  async #tell(record: CommandRecord, files: CommandFiles): Promise<void> {
    await this.context.trigger('command_finished', {
      command: record.command ?? '',
      exit_code: record.exit_code,
      signal: record.signal,
      path: files.recordPath,
      ...(record.sample === null ? {} : { sample: record.sample }),
    })
  }
}
