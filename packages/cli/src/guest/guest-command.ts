import { Command, Option } from 'commander'
import { secondsOption } from '../seconds.ts'
import type { Terminal } from '../terminal.ts'

const TIMEOUT = new Option('--timeout <seconds>', 'how long the guest that installs may take')
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
    .description('install what SEE needs into a copy of the image of a Linux guest, or say what is missing')
    .argument('<image>', 'the disk of an installed guest, which is off; it stays as it is')
    .option('--output <file>', 'the copy, a qcow2 image (default: IMAGE without its ending, with -see.qcow2)')
    .addOption(TIMEOUT)
    .option('--json', 'print it as one JSON document', false)
    .action(async (image: string, { output, timeout: timeoutMs, json }: Flags) => {
      const { prepare } = await import('./prepare.ts')
      await prepare({ image, output, timeoutMs, json }, terminal)
    })
  return command
}
