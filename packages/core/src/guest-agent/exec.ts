import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ExecOptions, ExecResult } from '../agent.ts'
import { SeeError } from '../errors.ts'
import { until } from '../until.ts'
import type { Commands } from './channel.ts'
import { readGuestFile } from './files.ts'

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
type Status = z.output<typeof status>

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_OUTPUT_BYTES = 1024 * 1024
/** The agent closes what it cannot hold; a command carries its input in Base64, and libvirt refuses long ones. */
const STDIN_LIMIT_BYTES = 48 * 1024

// The output goes to files in the guest and is read back in part: the agent itself would hold up to 16 MiB of it and
// send that in one reply, and a reply over 10 MiB breaks the channel for good.
const COLLECT = 'mkdir -m 700 "$0" && exec "$@" >"$0/out" 2>"$0/err"'

/** Runs a program in a guest that has a shell. */
export async function execInShellGuest(
  commands: Commands,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const folder = `/tmp/.see-${randomUUID()}`
  const shell = ['/bin/sh', '-c', COLLECT, folder, ...argv]
  const end = await run(commands, shell, false, ['/bin/kill', '-9'], options, argv)
  const stdout = await collected(commands, `${folder}/out`, options)
  const stderr = await collected(commands, `${folder}/err`, options)
  await start(commands, ['/bin/rm', '-rf', folder], false, undefined)
  return {
    ...exitOf(end),
    stdout: stdout.content,
    stderr: stderr.content,
    truncated: stdout.truncated || stderr.truncated,
  }
}

/** Runs a program in a guest without a shell, where the agent itself collects the output. */
export async function execInOtherGuest(
  commands: Commands,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const end = await run(commands, argv, true, ['taskkill.exe', '/f', '/t', '/pid'], options)
  const maxBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  const stdout = Buffer.from(end['out-data'] ?? '', 'base64')
  const stderr = Buffer.from(end['err-data'] ?? '', 'base64')
  return {
    ...exitOf(end),
    stdout: stdout.subarray(0, maxBytes),
    stderr: stderr.subarray(0, maxBytes),
    truncated:
      stdout.length > maxBytes ||
      stderr.length > maxBytes ||
      end['out-truncated'] === true ||
      end['err-truncated'] === true,
  }
}

/** Reads from the start again when a pause of the guest came between: a part may have been lost. */
async function collected(
  commands: Commands,
  path: string,
  { maxOutputBytes = DEFAULT_OUTPUT_BYTES, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: ExecOptions,
): Promise<{ content: Buffer; truncated: boolean }> {
  const timedOut = () =>
    new SeeError('AGENT_UNRESPONSIVE', `the guest agent did not send ${path} within ${timeoutMs} ms`)
  return await until(() => unlessSilent(readGuestFile(commands, path, maxOutputBytes)), timedOut, {
    timeoutMs,
    signal,
  })
}

async function run(
  commands: Commands,
  argv: readonly string[],
  capture: boolean,
  kill: readonly string[],
  { stdin, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: ExecOptions,
  asked = argv,
): Promise<Status> {
  const pid = await start(commands, argv, capture, stdin)
  const ask = async () => {
    const now = await unlessSilent(commands.run(status, 'guest-exec-status', { pid }))
    return now?.exited === true ? now : undefined
  }
  const timedOut = () =>
    new SeeError(
      'GUEST_EXEC_TIMEOUT',
      `${asked.join(' ').slice(0, 200)} ran longer than ${timeoutMs} ms in the guest`,
    )
  try {
    return await until(ask, timedOut, { timeoutMs, intervalMs: 20, signal })
  } catch (error) {
    await start(commands, [...kill, String(pid)], false, undefined).catch(() => undefined)
    throw error
  }
}

/** Undefined when the agent does not answer now: while the guest is paused it cannot, and what runs in it goes on later. */
async function unlessSilent<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SeeError && error.code === 'AGENT_UNRESPONSIVE') return undefined
    throw error
  }
}

async function start(
  commands: Commands,
  [path, ...arg]: readonly string[],
  capture: boolean,
  stdin: string | Uint8Array | undefined,
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

function exitOf(end: Status): Pick<ExecResult, 'exitCode' | 'signal'> {
  return { exitCode: end.signal === undefined ? (end.exitcode ?? null) : null, signal: end.signal ?? null }
}
