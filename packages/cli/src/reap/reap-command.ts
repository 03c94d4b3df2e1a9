import { Command } from 'commander'
import type { ExitCode } from '@see/runner/exit-codes'
import type { Terminal } from '../terminal/terminal.ts'

const HELP = `
It undoes what is in the ledgers of processes that have ended, and what libvirt has of such, last in, first out. It never
touches what belongs to a process that lives, or to another user or host. Several may run at the same time. What cannot be removed,
because a daemon does not answer for example, stays in its ledger for the next time.

Exit codes: 0 nothing is left; 1 bad usage, or no ledger can be read; 2 something could not be removed; 130 interrupted.`

interface Flags {
  readonly dryRun: boolean
  readonly json: boolean
}

/** The command `see reap`. */
export function reapCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  return new Command('reap')
    .description('remove what killed processes left on this host')
    .option('--dry-run', 'only say what would be removed', false)
    .option('--json', 'print the result as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const { reapLeft } = await import('./reap.ts')
      exitWith(await reapLeft(flags, terminal))
    })
}
