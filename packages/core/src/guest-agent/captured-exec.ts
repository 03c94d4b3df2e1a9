import type { ExecOptions, ExecResult } from '../contract/agent.ts'
import type { Commands } from './channel.ts'
import { startProgram, untilEnded } from './program.ts'

const nothing = async (): Promise<void> => undefined
const DEFAULT_OUTPUT_BYTES = 1024 * 1024

export interface CapturedOptions extends ExecOptions {
  /** How the program is named in errors. */
  readonly argv: readonly string[]
  readonly kill: (pid: number) => Promise<unknown>
}

/**
 * Runs a program whose output the agent itself collects, in its memory: it comes at the end only, and is not bounded but by
 * what the agent holds. For guests where no file can be written.
 */
export async function execCaptured(
  commands: Commands,
  words: readonly string[],
  { argv, kill, ...options }: CapturedOptions,
): Promise<ExecResult> {
  const pid = await startProgram(commands, words, { capture: true, stdin: options.stdin })
  const { status, ...end } = await untilEnded(commands, pid, options, {
    argv,
    collect: nothing,
    kill: () => kill(pid),
  })
  const maxBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  const stdout = Buffer.from(status['out-data'] ?? '', 'base64')
  const stderr = Buffer.from(status['err-data'] ?? '', 'base64')
  const output = { stdout: stdout.subarray(0, maxBytes), stderr: stderr.subarray(0, maxBytes) }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (output[stream].length > 0) options.onOutput?.(stream, output[stream])
  }
  return {
    ...end,
    ...output,
    truncated:
      stdout.length > maxBytes ||
      stderr.length > maxBytes ||
      status['out-truncated'] === true ||
      status['err-truncated'] === true,
  }
}
