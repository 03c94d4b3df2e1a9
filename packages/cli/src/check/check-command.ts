import { Command } from 'commander'
import type { ExitCode } from '@see/runner/exit-codes'
import type { Terminal } from '../terminal/terminal.ts'

const HELP = `
Acceleration is tried: a kernel is booted under it for at most ten seconds. Nothing else is started or changed.

Exit codes: 0 when at least one provider is ready; 2 when none is; 130 interrupted.`

/** The command `see check`. */
export function checkCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  return new Command('check')
    .description('report which providers this host is ready for, and how to fix what is missing')
    .option('--json', 'print the result as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async ({ json }: { readonly json: boolean }) => {
      const { reportHost } = await import('./report-host.ts')
      exitWith(await reportHost(json, terminal))
    })
}
