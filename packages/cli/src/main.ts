import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { checkCommand } from './check/check-command.ts'
import type { CheckDependencies } from './check/check.ts'
import { errorText } from './error-text.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-code.ts'
import { runCommand } from './run/run-command.ts'
import type { RunDependencies } from './run/run.ts'
import { templateCommand } from './template/template-command.ts'

const HELP = `
Begin with "see check", which says what this host lacks; then "see run --help".`

/**
 * Carries out the command line and returns what to exit with.
 * @param argv without the program's own name
 */
export async function main(
  argv: readonly string[],
  dependencies: RunDependencies & CheckDependencies,
): Promise<ExitCode> {
  const { terminal } = dependencies
  let exitCode: ExitCode = exitCodes.done
  const exitWith = (code: ExitCode): void => void (exitCode = code)
  const program = new Command('see')
    .description('Runs untrusted software in throw-away machines and keeps the evidence.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', HELP)
  for (const command of [
    runCommand(dependencies, exitWith),
    templateCommand(dependencies, exitWith),
    checkCommand(dependencies, exitWith),
  ]) {
    program.addCommand(command)
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
      })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
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
