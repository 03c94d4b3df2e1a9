import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { indented } from '@see/core/printable'
import { checkCommand } from './check/check-command.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { runCommand } from './run/run-command.ts'
import { templateCommand } from './template/template-command.ts'
import type { Terminal } from './terminal.ts'

const HELP = `
Begin with "see check", which says what this host lacks; then "see run --help".`

/**
 * Carries out the command line and returns what to exit with. What carries out a command is loaded once it is known which,
 * since that takes far longer than to answer one that is wrong or asks for help.
 * @param argv without the program's own name
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done
  const exitWith = (code: ExitCode): void => void (exitCode = code)
  const program = new Command('see')
    .description('Runs untrusted software in throw-away machines and keeps the evidence.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', HELP)
  for (const command of [runCommand, templateCommand, checkCommand]) {
    program.addCommand(command(terminal, exitWith))
  }
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command
      .exitOverride()
      .showHelpAfterError('(see --help says what there is)')
      .configureOutput({
        writeOut: (text) => void terminal.out.write(text),
        writeErr: (text) => void terminal.error.write(text),
        outputError: (text, write) => write(`${indented(text.trimEnd(), 2)}\n`),
      })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    const [{ errorText }, { exitCodeOf }] = await Promise.all([
      import('./error-text.ts'),
      import('./exit-code.ts'),
    ])
    terminal.error.write(`see: ${errorText(error)}\n`)
    return exitCodeOf(error)
  }
  return exitCode
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const content: unknown = JSON.parse(text)
  return typeof content === 'object' && content !== null && 'version' in content
    ? String(content.version)
    : ''
}
