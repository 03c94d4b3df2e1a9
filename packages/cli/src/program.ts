import { readFileSync } from 'node:fs'
import { indented } from '@see/core/printable'
import { Command } from 'commander'
import { checkCommand } from './check/check-command.ts'
import { completionCommand } from './completion/completion-command.ts'
import type { ExitCode } from '@see/runner/exit-codes'
import { guestCommand } from './guest/guest-command.ts'
import { listCommand } from './reap/list-command.ts'
import { reapCommand } from './reap/reap-command.ts'
import { reportCommand } from './report/report-command.ts'
import { runCommand } from './run/run-command.ts'
import { templateCommand } from './template/template-command.ts'
import type { Terminal } from './terminal/terminal.ts'

const HELP = `
Begin with "npx see check", which says what this host lacks; then "npx see run --help".

In the environment, NO_COLOR switches colours off, and SEE_LOG (trace, debug, info, ...) shows the log on standard error.`

/** The command line: every command, argument and option, from which the help, the completion and the man page are made. */
export function seeProgram(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  const program = new Command('see')
    .description('Runs untrusted software in throw-away machines and keeps the evidence.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', HELP)
  const commands = [
    runCommand,
    reportCommand,
    templateCommand,
    guestCommand,
    listCommand,
    reapCommand,
    checkCommand,
    completionCommand,
  ]
  for (const command of commands) program.addCommand(command(terminal, exitWith))
  for (const command of [program, ...descendantsOf(program)]) {
    command
      .exitOverride()
      .showHelpAfterError('(npx see --help says what there is)')
      .configureOutput({
        writeOut: (text) => void terminal.out.write(text),
        writeErr: (text) => void terminal.error.write(text),
        outputError: (text, write) => write(`${indented(text.trimEnd(), 2)}\n`),
      })
  }
  return program
}

function descendantsOf({ commands }: Command): Command[] {
  return commands.flatMap((command) => [command, ...descendantsOf(command)])
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const content: unknown = JSON.parse(text)
  return typeof content === 'object' && content !== null && 'version' in content
    ? String(content.version)
    : ''
}
