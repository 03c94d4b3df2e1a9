import { randomUUID } from 'node:crypto'
import type { ExecOptions, ExecResult, LateOutput } from '../contract/agent.ts'
import { batchFile } from './batch-file.ts'
import { execCaptured } from './captured-exec.ts'
import type { Commands } from './channel.ts'
import { writeGuestFile } from './files.ts'
import { runForExitCode, runQuietly, startProgram, untilEnded } from './program.ts'
import { TailCopies } from './tail-copies.ts'

/** A path without spaces, which needs no quotes. */
const FOLDER = 'C:\\Windows\\Temp'
const LOOK_MS = 30_000

/**
 * Runs a program in a guest without a POSIX shell: by a batch file, so that its output goes to files. The agent's own
 * collecting ends with the last child that has the output open, and what it sends in one reply may break the channel.
 */
export async function execInWindowsGuest(
  commands: Commands,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const base = `${FOLDER}\\see-${randomUUID()}`
  const kill = (pid: number) => runQuietly(commands, ['taskkill.exe', '/f', '/t', '/pid', String(pid)])
  const batch = batchFile(argv, `${base}.out`, `${base}.err`)
  if (batch === undefined) return await execCaptured(commands, argv, { ...options, argv, kill })
  await writeGuestFile(commands, `${base}.cmd`, Buffer.from(batch))
  const copies = new TailCopies(commands, base, options)
  const remove = () => runQuietly(commands, ['cmd.exe', '/d', '/c', `del ${base}.*`]).catch(() => undefined)
  let late: LateOutput | undefined
  try {
    const pid = await startProgram(commands, ['cmd.exe', '/d', '/c', `${base}.cmd`], { stdin: options.stdin })
    const collect = () => copies.collect()
    const end = await untilEnded(commands, pid, options, { argv, collect, kill: () => kill(pid) })
    const { exitCode, signal } = end
    const output = await copies.rest()
    if (options.keepOutput === true && output.lost === null)
      late = lateOutputOf(commands, { base, copies, remove })
    return {
      exitCode,
      signal,
      ...output,
      lost: end.lost ?? output.lost,
      ...(late === undefined ? {} : { late }),
    }
  } finally {
    if (late === undefined) await remove()
  }
}

interface Collected {
  readonly base: string
  readonly copies: TailCopies
  readonly remove: () => Promise<unknown>
}

/** What the programs that it left running print. */
function lateOutputOf(commands: Commands, { base, copies, remove }: Collected): LateOutput {
  // A file that a process writes cannot be opened for writing.
  const look = ['cmd.exe', '/d', '/c', `(call ) >>${base}.out && (call ) >>${base}.err`]
  return {
    isOpen: async () => (await runForExitCode(commands, look, LOOK_MS)) !== 0,
    collect: async () => {
      await copies.collect()
      return true
    },
    close: async () => {
      const { truncated, lost } = await copies.rest()
      await remove()
      return { truncated, lost }
    },
  }
}
