import { z } from 'zod'
import type { ExecOptions, ExecResult } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import { withTimeout } from '../common/with-timeout.ts'
import type { Commands } from './channel.ts'
import { unlessSilent } from './unless-silent.ts'

const started = z.object({ pid: z.int() })
const status = z.object({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  signal: z.int().optional(),
  'out-data': z.base64().optional(),
  'err-data': z.base64().optional(),
  'out-truncated': z.boolean().optional(),
  'err-truncated': z.boolean().optional(),
})
type ProgramStatus = z.output<typeof status>

const DEFAULT_TIMEOUT_MS = 60_000
const STATUS_MS = 20
const MOST_STATUS_MS = 200
/** How often output is brought while a program runs. */
const COLLECT_MS = 250
/** What a last look at a program may take before it is ended. */
const LAST_LOOK_MS = 1000
/** What ending a program, and bringing what it printed until then, may take. */
const END_MS = 3000
/** The agent closes what it cannot hold; a command carries its input in Base64, and libvirt refuses long ones. */
const STDIN_LIMIT_BYTES = 48 * 1024

/** What to do with a program that runs in a guest. */
export interface Watch {
  /** How the program is named in errors. */
  readonly argv: readonly string[]
  /** Brings the output that there is. */
  readonly collect: () => Promise<unknown>
  /** Ends the program and what it started. */
  readonly kill: () => Promise<unknown>
}

export interface ProgramEnd extends Pick<ExecResult, 'exitCode' | 'signal' | 'lost'> {
  readonly status: ProgramStatus
}

/** Starts a program. @returns its process id in the guest */
export async function startProgram(
  commands: Commands,
  [path, ...arg]: readonly string[],
  {
    capture = false,
    stdin,
  }: { readonly capture?: boolean; readonly stdin?: string | Uint8Array | undefined } = {},
): Promise<number> {
  const input = stdin === undefined ? undefined : Buffer.from(stdin)
  if (input !== undefined && input.length > STDIN_LIMIT_BYTES) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `standard input of ${input.length} bytes does not fit into one command of the agent (${STDIN_LIMIT_BYTES} bytes); write a file and redirect it`,
    )
  }
  const { pid } = await commands.run(started, 'guest-exec', {
    path,
    arg,
    'capture-output': capture,
    ...(input === undefined ? {} : { 'input-data': input.toString('base64') }),
  })
  return pid
}

/**
 * Waits for the end of a program, and brings its output meanwhile.
 * @throws SeeError `GUEST_EXEC_TIMEOUT` after killing it, the signal's reason, or as {@link Commands.run}
 */
export async function untilEnded(
  commands: Commands,
  pid: number,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal, onRunning }: ExecOptions,
  { argv, collect, kill }: Watch,
): Promise<ProgramEnd> {
  let collectAt = performance.now() + COLLECT_MS
  let asking: Promise<ProgramEnd | undefined> = Promise.resolve(undefined)
  const ask = async (): Promise<ProgramEnd | undefined> => {
    const now = await unlessSilent(commands.run(status, 'guest-exec-status', { pid })).catch(
      (error: unknown) => {
        if (error instanceof SeeError && error.code === 'AGENT_COMMAND_FAILED') return UNKNOWN
        throw error
      },
    )
    if (now === undefined) return undefined
    if (now.exited) return endOf(now)
    if (performance.now() >= collectAt) {
      await collect()
      collectAt = performance.now() + COLLECT_MS
    }
    onRunning?.()
    return undefined
  }
  const timedOut = () =>
    new SeeError(
      'GUEST_EXEC_TIMEOUT',
      `${argv.join(' ').slice(0, 200)} ran longer than ${timeoutMs} ms in the guest`,
    )
  const askInTurn = () => (asking = ask())
  try {
    return await poll(askInTurn, timedOut, {
      timeoutMs,
      intervalMs: STATUS_MS,
      maxIntervalMs: MOST_STATUS_MS,
      signal,
    })
  } catch (error) {
    // The agent reports an end once, perhaps just now.
    const lastLook = async () => (await asking) ?? (isGone(error) ? undefined : await ask())
    const end = await withTimeout(LAST_LOOK_MS, lastLook(), () => new Error('too late')).catch(
      () => undefined,
    )
    if (end !== undefined) return end
    if (!isGone(error)) await ending(collect, kill)
    throw error
  }
}

/** Waits for a short program of ours, which prints nothing. */
export async function runQuietly(commands: Commands, argv: readonly string[]): Promise<void> {
  await runForExitCode(commands, argv, END_MS)
}

/** Runs a short program of ours, which prints nothing. @returns its exit code; null when a signal ended it */
export async function runForExitCode(
  commands: Commands,
  argv: readonly string[],
  timeoutMs: number,
): Promise<number | null> {
  const pid = await startProgram(commands, argv)
  const ask = async () => {
    const now = await commands.run(status, 'guest-exec-status', { pid })
    return now.exited ? endOf(now) : undefined
  }
  const timedOut = () => new SeeError('AGENT_UNRESPONSIVE', `${argv[0]} ran longer than ${timeoutMs} ms`)
  return (await poll(ask, timedOut, { timeoutMs, intervalMs: STATUS_MS })).exitCode
}

/** Output until now is worth more than ending the program immediately. */
async function ending(collect: () => Promise<unknown>, kill: () => Promise<unknown>): Promise<void> {
  const work = async () => {
    await collect().catch(() => undefined)
    await kill()
    await collect()
  }
  await withTimeout(END_MS, work(), () => new Error('too late')).catch(() => undefined)
}

/** The agent does not know a program any more after reporting its end, or after a restart. */
const UNKNOWN: ProgramStatus = { exited: true }

function endOf(end: ProgramStatus): ProgramEnd {
  return {
    exitCode: end.signal === undefined ? (end.exitcode ?? null) : null,
    signal: end.signal ?? null,
    lost:
      end === UNKNOWN
        ? 'the agent does not know the program any more: it, or the guest, was restarted, or its answer with the exit code was lost in a pause'
        : null,
    status: end,
  }
}

function isGone(error: unknown): boolean {
  return error instanceof SeeError && error.code === 'GUEST_STOPPED'
}
