import { join, resolve } from 'node:path'
import {
  entryPath,
  type EventOf,
  evidenceWarning,
  type ExecResult,
  Hook,
  type LateOutput,
  messageOf,
  type OutputStream,
  type SeeContext,
  SeeError,
  type SeeEvent,
} from '@see/core'
import { AgentAddress } from './agent-address.ts'
import type { CommandChannel, CommandProgress, PreparedCommand } from './command-channel.ts'
import { CommandFiles, type CommandRecord } from './command-record.ts'
import { type CommandRequest, requestOf } from './command-request.ts'
import { type CommandsSettings, commandsSchema } from './commands-settings.ts'
import { GuestAgentChannel } from './guest-agent-channel.ts'
import { GuestLife } from '../guest/guest-life.ts'
import { HttpAgentChannel } from './http-agent-channel.ts'
import { isFolder } from '../results/is-folder.ts'
import { LastLook } from './last-look.ts'
import { Latch } from '../processes/latch.ts'
import { type Collected, LateCollection } from './late-collection.ts'
import { prepareResultsFolder } from '../results/results-folder.ts'
import { sha256Of } from '../results/sha256.ts'

/** How long a guest whose agent failed may take to be seen as stopped. */
const STOPPING_MS = 5000
const NOT_TOLD = 'the HTTP agent does not tell of the end of a command in the background'
/** After these, nothing that ran in the guest before prints any more. */
const ENDS = ['post_restart', 'post_shutdown', 'post_poweroff', 'guest_ended', 'guest_rebooted'] as const
const OF_GUESTS_ALIVE = new Set(['GUEST_EXEC_TIMEOUT', 'AGENT_COMMAND_FAILED', 'GUEST_OUTPUT_LIMIT'])

/** Runs commands and samples in the guest, through its agent, at the events `run_command` and `run_sample`. */
export class CommandsHook extends Hook<typeof commandsSchema> {
  static override readonly schema: typeof commandsSchema = commandsSchema
  readonly #started = new WeakMap<SeeEvent, Latch>()
  readonly #running = new Set<LastLook>()
  readonly #late = new Set<LateCollection>()
  readonly #lateFailures: unknown[] = []
  #count = 0
  #folder = ''
  readonly #address = new AgentAddress(this.configuration['agent-host'])
  readonly #channel = channelOf(this.context, this.configuration, this.#address)

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
    for (const event of ENDS) this.context.subscribe(event, this.endLateOutput)
    this.#folder = await prepareResultsFolder(this.configuration.results_folder)
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
    const files = new CommandFiles(join(this.#folder, `${this.identifier}_command_${++this.#count}`))
    const record = newRecord(event, request)
    using life = new GuestLife(this.context)
    const look = new LastLook()
    let late: LateOutput | undefined
    try {
      await files.writeRecord(record)
      const command = await this.#prepare(request, record, life.signal)
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
      await (late === undefined ? files.closeOutput() : files.flushOutput())
      if (result !== undefined) assertExecuted(request, record, result)
      if (late !== undefined) this.#collectLate({ late, files, record })
    } catch (error) {
      await files.closeOutput().catch(() => undefined)
      await late?.close().catch(() => undefined)
      await this.#fail(error, request, record, life)
    } finally {
      await files.writeRecord(record)
      this.#running.delete(look)
      look.end()
      // What is fired from here on has to wait for the event that waits for this.
      started?.open()
    }
    await this.#warn(record)
    if (record.status === 'finished') await this.#tell(record, files)
  }

  #collectLate(collected: Collected): void {
    const collection = new LateCollection(collected, async () => {
      this.#late.delete(collection)
      await this.#warn(collected.record)
      await this.#warnOfOpen(collected.record, collection)
    })
    this.#late.add(collection)
    const isGuestRunning = () => this.#isGuestRunning()
    collection.run(isGuestRunning, this.context.signal).catch((error: unknown) => {
      this.#lateFailures.push(error)
    })
  }

  async #warnOfOpen(record: CommandRecord, { isOpen, failure }: LateCollection): Promise<void> {
    if (isOpen === false) return
    const why =
      isOpen === true
        ? 'programs that it left running could still print when their guest, or the run, ended'
        : `it is not known whether programs that it left running printed more: ${failure ?? 'the guest ended'}`
    await this.context.warn(evidenceWarning('OUTPUT_UNFINISHED', `output of ${nameOf(record)}`, why))
  }

  /** Of what is not known of a command. */
  async #warn(record: CommandRecord): Promise<void> {
    const { status, error, lost, truncated } = record
    const what = nameOf(record)
    if (status === 'running') {
      await this.context.warn(
        evidenceWarning('COMMAND_UNFINISHED', `exit code of ${what}`, error ?? NOT_TOLD),
      )
    }
    if (lost !== null) {
      await this.context.warn(evidenceWarning('OUTPUT_LOST', `output or exit code of ${what}`, lost))
    } else if (truncated) {
      const { output_limit: limit } = this.configuration
      const why = `more than ${limit} bytes were printed; raise output_limit`
      await this.context.warn(evidenceWarning('OUTPUT_TRUNCATED', `output of ${what}`, why))
    }
  }

  async #prepare(
    request: CommandRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<PreparedCommand> {
    record.sha256 = await sampleSum(request, signal)
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

  /** Undefined when the command runs on in the background, and nothing will tell of its end. */
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
    const guestEnded = record.status === 'running' && (life.ended || (await this.#ends(error, life)))
    if (guestEnded) record.error = `still running when its guest ended: ${messageOf(life.signal.reason)}`
    if (guestEnded && inBackground) return
    record.status = 'failed'
    throw error
  }

  async #ends(error: unknown, life: GuestLife): Promise<boolean> {
    // The agent stops before its guest does.
    const isAlive = error instanceof SeeError && OF_GUESTS_ALIVE.has(error.code)
    return !isAlive && (await life.endsWithin(STOPPING_MS))
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

function assertAgent({ resources: { agent, agentChannel } }: SeeContext): void {
  if (agent !== undefined || agentChannel !== undefined) return
  throw new SeeError(
    'CONFIGURATION_INVALID',
    'this sandbox has no agent that runs commands: give the domain’s XML a channel of QEMU’s guest agent (org.qemu.guest_agent.0), name an HTTP agent’s port in "agent-port", or leave CommandsHook out',
  )
}

/** The guest agent, or the reference's HTTP agent where its port is configured. */
function channelOf(context: SeeContext, settings: CommandsSettings, address: AgentAddress): CommandChannel {
  const { timeout, agent_timeout: readyTimeout, output_limit: maxOutputBytes, ...agent } = settings
  const bounds = { timeoutMs: timeout * 1000, readyTimeoutMs: readyTimeout * 1000, maxOutputBytes }
  const port = agent['agent-port']
  if (port === undefined) return new GuestAgentChannel(context, bounds)
  return new HttpAgentChannel(context, { address, port, system: agent['agent-system'] }, bounds)
}

function newRecord(event: SeeEvent, { command, sample }: CommandRequest): CommandRecord {
  return {
    event: event.name,
    status: 'preparing',
    command: command ?? null,
    sample: sample === undefined ? null : resolve(sample),
    sha256: null,
    guest_path: null,
    exit_code: null,
    signal: null,
    started: null,
    duration_ms: null,
    truncated: false,
    lost: null,
    output_open: false,
    late_bytes: { stdout: 0, stderr: 0 },
    error: null,
  }
}

/** How a command is named in warnings. */
function nameOf({ command, sample }: CommandRecord): string {
  return `command ${JSON.stringify((command ?? sample ?? '').slice(0, 200))}`
}

/** Null for a folder of which no file is the sample. */
async function sampleSum({ sample, entry }: CommandRequest, signal: AbortSignal): Promise<string | null> {
  if (sample === undefined) return null
  if (entry !== undefined) return await sha256Of(await entryPath(sample, entry), signal)
  return (await isFolder(sample)) ? null : await sha256Of(sample, signal)
}

/** As the loaders of glibc and musl say it. */
const LACKS_LIBRARY = /(?:loading shared libraries: |Error loading shared library )([\w.+-]{1,100}):/

/** The guest's shell says by 126 or 127, and by what it could not start, that the sample was not run. */
function assertExecuted(request: CommandRequest, record: CommandRecord, { stderr }: ExecResult): void {
  const { exit_code: exitCode, guest_path: guestPath } = record
  if (request.sample === undefined || (exitCode !== 126 && exitCode !== 127)) return
  const said = stderr.subarray(0, 500).toString()
  const quoted = JSON.stringify(said.trim())
  const library = guestPath !== null && said.includes(guestPath) ? LACKS_LIBRARY.exec(said)?.[1] : undefined
  if (request.command !== undefined && library !== undefined) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest does not have ${library}, which the sample is linked with: ${quoted}; the libraries of this host are brought along, where it has them, for a sample without a command and for a command that begins with {sample}`,
    )
  }
  const program = request.command?.trim().split(/\s/)[0]
  if (program !== undefined && /^[\w./+-]+$/.test(program) && said.includes(`${program}: not found`)) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest has no ${program}, which the command begins with: ${quoted}; choose a guest that has it`,
    )
  }
  if (request.command === undefined && guestPath !== null && said.includes(guestPath)) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest cannot execute the sample ${record.sample}: ${quoted}; choose a guest that can, or give a command that opens it`,
    )
  }
}
