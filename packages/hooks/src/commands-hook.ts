import { join, resolve } from 'node:path'
import { type ExecResult, Hook, injectSample, messageOf, SeeError, type SeeEvent, z } from '@see/core'
import { CommandFiles, type CommandRecord } from './command-record.ts'
import { type CommandRequest, requestOf } from './command-request.ts'
import { GuestLife } from './guest-life.ts'
import { Latch } from './latch.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { sha256Of } from './sha256.ts'
import { quoteFor } from './shell-words.ts'

/** How long a guest whose agent failed may take to be seen as stopped. */
const STOPPING_MS = 5000

const seconds = z.number().positive().max(2_147_483)

const schema = z.object({
  results_folder: z.string().min(1).describe('The folder for records and output; made when it is missing.'),
  timeout: seconds
    .default(600)
    .describe('Seconds that a command may run before it is killed, which is a failure.'),
  output_limit: z
    .int()
    .nonnegative()
    .max(1024 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Bytes that are kept of each output stream.'),
  agent_timeout: seconds.default(120).describe('Seconds to wait for the guest agent before each command.'),
})

/** Runs commands and samples in the guest, through its agent, at the events `run_command` and `run_sample`. */
export class CommandsHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #started = new WeakMap<SeeEvent, Latch>()
  #count = 0
  #folder = ''

  async setup(): Promise<void> {
    this.#folder = await prepareResultsFolder(this.configuration.results_folder)
    for (const event of ['run_command', 'run_sample'] as const) {
      this.context.subscribeAsync(event, this.runInBackground)
      this.context.subscribe(event, this.run)
    }
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
    try {
      await files.writeRecord(record)
      const argv = await this.#prepare(request, record, life.signal)
      record.status = 'running'
      record.started = new Date().toISOString()
      await files.writeRecord(record)
      started?.open()
      const result = await this.#execute(argv, record, life.signal)
      await files.writeOutput(result)
      assertExecuted(request, record, result)
    } catch (error) {
      await this.#fail(error, request, record, life)
    } finally {
      await files.writeRecord(record)
    }
    if (record.status === 'finished') await this.#tell(record, files)
  }

  /** Brings in what is to be run and says how; fills the record in on the way. */
  async #prepare(
    { command, sample }: CommandRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<readonly [string, ...string[]]> {
    if (sample !== undefined) record.sha256 = await sha256Of(sample, signal)
    await this.#assertRunning(record.event)
    await this.context.agent.waitUntilReady({ timeoutMs: this.configuration.agent_timeout * 1000, signal })
    const shell = (await this.context.agent.isWindows()) ? 'cmd' : 'sh'
    if (sample !== undefined) {
      record.guest_path = await injectSample(this.context, sample, { signal })
      record.command ??= record.guest_path
      if (command === undefined) return [record.guest_path]
      const quoted = quoteFor(shell, record.guest_path)
      record.command = command.replaceAll('{sample}', () => quoted)
    }
    const line = record.command ?? ''
    return shell === 'cmd' ? ['cmd.exe', '/c', line] : ['/bin/sh', '-c', line]
  }

  async #assertRunning(event: string): Promise<void> {
    const state = await this.context.state()
    if (state === 'running') return
    throw new SeeError(
      'GUEST_STOPPED',
      `${event}: the guest is ${state}; power it on, or resume it, before something is run in it`,
    )
  }

  async #execute(
    argv: readonly [string, ...string[]],
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<ExecResult> {
    const start = performance.now()
    this.logger.info({ command: record.command }, 'running in the guest')
    try {
      const result = await this.context.agent.exec(argv, {
        timeoutMs: this.configuration.timeout * 1000,
        maxOutputBytes: this.configuration.output_limit,
        signal,
      })
      record.status = 'finished'
      record.exit_code = result.exitCode
      record.signal = result.signal
      record.truncated = result.truncated
      return result
    } finally {
      record.duration_ms = Math.round(performance.now() - start)
    }
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
    const timedOut = error instanceof SeeError && error.code === 'GUEST_EXEC_TIMEOUT'
    return !timedOut && (await life.endsWithin(STOPPING_MS))
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
    error: null,
  }
}

/** The guest's shell starts a sample, and says by 126 or 127, and its path, that it cannot. */
function assertExecuted(request: CommandRequest, record: CommandRecord, { stderr }: ExecResult): void {
  const { exit_code: exitCode, guest_path: guestPath } = record
  if (request.command !== undefined || guestPath === null || (exitCode !== 126 && exitCode !== 127)) return
  const said = stderr.subarray(0, 500).toString()
  if (!said.includes(guestPath)) return
  throw new SeeError(
    'AGENT_COMMAND_FAILED',
    `the guest cannot execute the sample ${record.sample}: ${JSON.stringify(said.trim())}; give a command that opens it, such as "sh {sample}"`,
  )
}
