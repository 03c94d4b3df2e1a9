import { printableJson } from '@see/core/printable'
import { CommanderError } from 'commander'
import { type ExitCode, exitCodes } from '@see/runner/exit-codes'
import { seeProgram } from './program.ts'
import type { Terminal } from './terminal/terminal.ts'

/**
 * Carries out the command line and returns what to exit with. What carries out a command is loaded once it is known which,
 * since that takes far longer than to answer one that is wrong or asks for help.
 * @param argv without the program's own name
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done
  const program = seeProgram(terminal, (code) => void (exitCode = code))
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return await fail(terminal, error, wantsJson(argv))
  }
}

/** Reports what went wrong: to people on standard error, and with `--json` as a document on standard output. */
async function fail(terminal: Terminal, error: unknown, json: boolean): Promise<ExitCode> {
  const print = (exitCode: ExitCode, reported: object): ExitCode => {
    const report = { ok: false, exit_code: exitCode, error: reported }
    if (json) terminal.out.write(`${printableJson(report, 2)}\n`)
    return exitCode
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done
    return print(exitCodes.usage, { code: 'USAGE', message: usageMessage(error) })
  }
  const [{ errorText }, { exitCodeOf }, { reportedError }] = await Promise.all([
    import('./terminal/error-text.ts'),
    import('@see/runner'),
    import('@see/runner/reported-error'),
  ])
  terminal.error.write(`see: ${errorText(error)}\n`)
  return print(exitCodeOf(error), reportedError(error))
}

/** Known even where the command line is too wrong to be parsed. What stands behind `--` is no option. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

/** Commander has already printed it; without a command it only shows the help. */
function usageMessage({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'no command is given' : message.replace(/^error: /, '')
}
