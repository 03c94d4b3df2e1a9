import { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'

const HELP = `
An environment is alive while the process that made it is; it is left when that process has ended, or could not remove all
of it: see reap removes such. One that is elsewhere belongs to another host that shares the folder of ledgers.
Ledgers are in /var/lib/see/ledger for root and /var/tmp/see-UID/ledger for others.

Exit codes: 0 listed, also when there is nothing, or a daemon did not answer; 1 bad usage, or no ledger can be read; 130 interrupted.`

/** The command `see list`. */
export function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('list the environments on this host, and those that killed processes left')
    .option('--json', 'print the result as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async ({ json }: { readonly json: boolean }) => {
      const { list } = await import('./list.ts')
      await list(json, terminal)
    })
}
