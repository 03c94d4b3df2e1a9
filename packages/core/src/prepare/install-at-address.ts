import { readFile } from 'node:fs/promises'
import { childEnvironment } from '@see/qemu/child-environment'
import type { ExecResult } from '../contract/agent.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'
import { requireTool } from '../host/required-tool.ts'
import { runBounded } from '../host/bounded-process.ts'
import { MOST_OUTPUT_BYTES, type PreparedGuest, preparedGuest, unprepared } from './prepared-guest.ts'
import type { SshAddress } from './ssh-address.ts'

/** The user's keys are asked of the agent, as ssh itself would. */
const VARIABLES = ['SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR']
/** ssh's exit code when it did not run the command. */
const UNREACHABLE = 255

/**
 * What the user's own configuration does not change: it asks nothing, gives the guest no way to the user's keys, screen
 * or ports, and runs no command but ours.
 */
const OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=20',
  'ServerAliveInterval=15',
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'LogLevel=ERROR',
].flatMap((option) => ['-o', option])

/** Run by whatever shell the user has there: one line, without a single quote inside. */
const REMOTE = [
  'umask 077',
  'd=$(mktemp -d "${TMPDIR:-/tmp}/see-prepare.XXXXXX") || exit 1',
  'trap "rm -rf \\"$d\\"" EXIT',
  'trap "exit 143" HUP INT TERM',
  'tar -x -f - -C "$d" || exit 1',
  'if [ "$(id -u)" = 0 ]; then sh "$d/install" "$d" </dev/null',
  'elif sudo -n true; then sudo -n sh "$d/install" "$d" </dev/null',
  'else echo "missing: root, or sudo without a password, for $(id -un)"; exit 3; fi',
].join('; ')

export interface PrepareAddressOptions {
  /** The archive of what is installed: `prepare.tar` of the tiny guest's folder. */
  readonly archive: string
  /** Bound of all of it. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Installs what SEE needs into a Linux guest that runs, by the ssh of this host.
 * @throws SeeError `TOOL_MISSING` or `GUEST_UNPREPARED`; or the signal's reason
 */
export async function installAtAddress(
  address: SshAddress,
  { archive, timeoutMs, signal }: PrepareAddressOptions,
): Promise<PreparedGuest> {
  const program = await requireTool('ssh', 'openssh-client')
  const result = await runBounded(
    [program, ...OPTIONS, ...wordsOf(address), `exec sh -c '${REMOTE}'`],
    {
      stdin: await readFile(archive),
      timeoutMs,
      maxOutputBytes: MOST_OUTPUT_BYTES,
      env: childEnvironment(VARIABLES),
      signal,
    },
    () =>
      unprepared(address.text, `it took longer than ${timeoutMs} ms; run it again, with a longer --timeout`),
  )
  assertReached(address, result)
  if (result.truncated) throw unprepared(address.text, `it printed more than ${MOST_OUTPUT_BYTES} bytes`)
  return preparedGuest(address.text, result)
}

function wordsOf({ user, host, port }: SshAddress): string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
  ]
}

function assertReached(address: SshAddress, { exitCode, stderr }: ExecResult): void {
  if (exitCode !== UNREACHABLE) return
  const said = quoteGuestText(stderr.toString().trim())
  throw unprepared(address.text, `ssh says ${said}; ${adviceFor(said)}`)
}

function adviceFor(said: string): string {
  if (said.includes('Permission denied'))
    return 'SEE gives no password: let a key of yours in (ssh-copy-id), and unlock it (ssh-add)'
  if (said.includes('Host key verification failed'))
    return 'connect once with ssh, and see whether its key is the right one'
  return 'see that ssh reaches it'
}
