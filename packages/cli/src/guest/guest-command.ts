import { Command, Option } from 'commander'
import { secondsOption } from '../seconds.ts'
import type { Terminal } from '../terminal.ts'

const HELP = `
An address is USER@HOST[:PORT] or ssh://[USER@]HOST[:PORT], with an IPv6 address in brackets. Where there is a file of the name,
it is an image. SEE asks no password: a key lets it in, for root or for a user whom sudo asks none either. The guest's network
stays as it is until its next boot.

Exit codes: 0 installed, where it still needs something the output says what; 1 bad usage; 2 it could not be installed; 130 interrupted.`

const TIMEOUT = new Option('--timeout <seconds>', 'how long all of it may take')
  .argParser(secondsOption('positive'))
  .default(600_000, '600')

interface Flags {
  readonly output?: string
  readonly timeout: number
  readonly json: boolean
}

/** The command `see guest`, which makes guests ready for SEE. */
export function guestCommand(terminal: Terminal): Command {
  const command = new Command('guest').description('make guests ready for SEE')
  command
    .command('prepare')
    .description('install what SEE needs into a Linux guest, or say what is missing')
    .argument(
      '<image|address>',
      'the disk of a guest that is off, of which a copy is made; or a guest that runs, reached by SSH',
    )
    .option('--output <file>', 'the copy, a qcow2 image (default: IMAGE without its ending, with -see.qcow2)')
    .addOption(TIMEOUT)
    .option('--json', 'print it as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async (target: string, { output, timeout: timeoutMs, json }: Flags) => {
      const { prepare } = await import('./prepare.ts')
      await prepare({ target, output, timeoutMs, json }, terminal)
    })
  return command
}
