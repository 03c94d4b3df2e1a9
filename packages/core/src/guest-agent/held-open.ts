import { SeeError } from '../common/errors.ts'
import type { Commands } from './channel.ts'
import { runForExitCode } from './program.ts'

/** A guest that has other work may have many processes to look through. */
const LOOK_MS = 30_000

// The agent, whose child this is, has both files open itself. A second look finds the child of a process that ended
// during the first.
const LOOK = `
own=$(ls -l /proc/$PPID/fd | grep -c "$0")
[ "$own" -gt 0 ] || exit 4
for look in 1 2; do
  [ "$(ls -l /proc/[0-9]*/fd | grep -c "$0")" = "$own" ] || exit 3
done`

/**
 * Whether a process of a guest, the agent left aside, has files open that have this in their names.
 * @throws SeeError when that cannot be found out
 */
export async function isHeldOpen(commands: Commands, name: string): Promise<boolean> {
  const argv = ['/bin/sh', '-c', `exec 2>/dev/null${LOOK}`, name]
  const exitCode = await runForExitCode(commands, argv, LOOK_MS)
  if (exitCode === 0) return false
  if (exitCode === 3) return true
  throw new SeeError('AGENT_COMMAND_FAILED', 'the guest does not show which files its processes have open')
}
