import { Command } from 'commander'
import type { ExitCode } from '@see/runner/exit-codes'
import type { Terminal } from '../terminal/terminal.ts'
import type { ReportOptions } from './report.ts'

const HELP = `
The page is one file: it opens by a double click, without a server or a network, and shows what happened on one time axis. Large
evidence stays beside it, and is linked to. Where the page is not in the folder of the evidence, keep both where they are.

A folder of a run that was killed, of an older version, with files missing or changed, or without evidence becomes a page that
says so. Without DIR it is the newest run in results/.

Exit codes: 0 the page was written; 1 bad usage, the folder cannot be read, or there is no place for the page; 3 the page could not be
written, for example because the disk is full.

Examples:
  npx see report
  npx see report results/4f2e0d58-1f5c-4f0a-9a3b-0a8d1f6f2f10
  npx see report results/4f2e0d58-1f5c-4f0a-9a3b-0a8d1f6f2f10 --out case.html`

interface Flags extends Pick<ReportOptions, 'out' | 'json'> {
  readonly environment?: string
}

/** The command `see report`. */
export function reportCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  return new Command('report')
    .description('make one page of a case, on which its evidence can be read in a browser')
    .argument('[dir]', 'the folder of the evidence (default: the newest in results/)')
    .option('--out <file>', 'where the page goes (default: report.html in that folder)')
    .option('--environment <identifier>', 'which environment, where the folder has the evidence of several')
    .option('--json', 'print the result as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async (dir: string | undefined, { environment, ...flags }: Flags) => {
      const { report } = await import('./report.ts')
      exitWith(await report({ dir, identifier: environment, ...flags }, terminal))
    })
}
