import { randomUUID } from 'node:crypto'
import { basename } from 'node:path/posix'
import type { ExecOptions, ExecResult, LateOutput } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import { execCaptured } from './captured-exec.ts'
import type { Commands } from './channel.ts'
import { isHeldOpen } from './held-open.ts'
import { OutputFiles } from './output-files.ts'
import { runQuietly, startProgram, untilEnded } from './program.ts'
import { unlessSilent } from './unless-silent.ts'

const DEFAULT_TIMEOUT_MS = 60_000
/** Folders that every Linux has, those in memory first: what a program prints does not belong on the guest's disk. */
const PLACES = ['/dev/shm', '/dev', '/run', '/tmp', '/var/tmp', '']

// A session of its own lets a program be ended with what it started: newer agents make none. setsid would run a leader of a
// group as its child, so one is left as it is.
const OWN_SESSION = `
{ read -r s </proc/$$/stat; } 2>/dev/null
s=\${s##*) }; s=\${s#* }; s=\${s#* }
[ "\${s%% *}" != $$ ] && command -v setsid >/dev/null && exec setsid -- "$@"
exec "$@"`

// The names are removed immediately: what a program then removes or fills up cannot be its collected output.
const COLLECT = 'echo "$0" >"$0.out"; echo "$0" >"$0.err"; exec >>"$0.out" 2>>"$0.err"; '
const removal = (made: readonly string[]) =>
  `rm -f ${made.map((base) => `${base}.out ${base}.err`).join(' ')}`
const removing = (made: readonly string[]) => `${removal(made)}${OWN_SESSION}`

// The leader, all processes of its group and session, and all that descend from those, as long as their parents live.
const KILL = `
kill -STOP -"$0" "$0"
found=" $0 "; more=y
while [ -n "$more" ]; do
  more=
  for file in /proc/[0-9]*/stat; do
    { read -r s <"$file"; } || continue
    pid=\${s%% *}
    set -- \${s##*) }
    case $found in *" $pid "*) continue ;; esac
    case $found in *" $2 "*) ;; *) [ "$4" = "$0" ] || continue ;; esac
    found="$found$pid "; more=y
  done
done
kill -9 -"$0"
kill -9 $found`

/** Runs a program in a guest that has a shell. */
export async function execInShellGuest(
  commands: Commands,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const kill = (pid: number) =>
    runQuietly(commands, ['/bin/sh', '-c', `exec 2>/dev/null${KILL}`, String(pid)])
  const { base, made, files } = await placeInTime(commands, options)
  if (files === undefined) {
    // The agent then holds the output in its own memory, and reports the end once no process has it open any more.
    const shell = ['/bin/sh', '-c', removing(made), base, ...argv]
    return await execCaptured(commands, shell, { ...options, argv, kill })
  }
  let late: LateOutput | undefined
  try {
    const shell = ['/bin/sh', '-c', `${COLLECT}${removing(made)}`, base, ...argv]
    const starting = startProgram(commands, shell, { stdin: options.stdin })
    const pid = await starting.catch(async (error: unknown) => {
      // What was not started, because its arguments are too long for example, removes nothing.
      await remove(commands, made)
      throw error
    })
    const collect = () => files.collect()
    const end = await untilEnded(commands, pid, options, { argv, collect, kill: () => kill(pid) })
    const output = await files.rest()
    if (options.keepOutput === true && !files.isOver) late = lateOutputOf(commands, base, files)
    const known =
      late === undefined ? await files.close() : { truncated: output.truncated, lost: output.lost }
    const { exitCode, signal } = end
    return {
      exitCode,
      signal,
      ...output,
      ...known,
      lost: end.lost ?? known.lost,
      ...(late === undefined ? {} : { late }),
    }
  } catch (error) {
    await files.abandon()
    throw error
  }
}

/** What the programs that it left running print. */
function lateOutputOf(commands: Commands, base: string, files: OutputFiles): LateOutput {
  return {
    isOpen: () => isHeldOpen(commands, basename(base)),
    collect: () => files.collect(),
    close: () => files.close(),
  }
}

interface Place {
  readonly base: string
  /** All bases of which there may be files. */
  readonly made: readonly string[]
  /** Undefined when no folder takes them. */
  readonly files: OutputFiles | undefined
}

/** @throws SeeError `AGENT_UNRESPONSIVE`, or the signal's reason; what is opened later is removed then */
async function placeInTime(commands: Commands, options: ExecOptions): Promise<Place> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options
  const timedOut = () =>
    new SeeError('AGENT_UNRESPONSIVE', `the guest agent opened no file for output within ${timeoutMs} ms`)
  const made: string[] = []
  let finding: Promise<Place | undefined> = Promise.resolve(undefined)
  const find = () => (finding = unlessSilent(findPlace(commands, made, options)))
  try {
    return await poll(find, timedOut, { timeoutMs, signal })
  } catch (error) {
    void finding
      .then((place) => place?.files?.abandon())
      .catch(() => undefined)
      .then(() => (made.length === 0 ? undefined : remove(commands, made)))
    throw error
  }
}

/** @param made takes all bases of which there may be files */
async function findPlace(commands: Commands, made: string[], options: ExecOptions): Promise<Place> {
  for (const folder of PLACES) {
    const base = `${folder}/.see-${randomUUID()}`
    made.push(base)
    try {
      const files = await OutputFiles.make(commands, base, options)
      if (typeof files !== 'string') return { base, made, files }
    } catch (error) {
      if (!(error instanceof SeeError) || error.code !== 'AGENT_COMMAND_DISABLED') throw error
      break
    }
  }
  return { base: 'see', made, files: undefined }
}

async function remove(commands: Commands, made: readonly string[]): Promise<void> {
  await runQuietly(commands, ['/bin/sh', '-c', removal(made)]).catch(() => undefined)
}
