import { printableJson } from '@see/core/printable'
import { Command, Option } from 'commander'
import { secondsOption } from '../terminal/seconds.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { guestNameOption } from './guest-name-option.ts'
import { nameOf, packagesOption } from './packages-option.ts'
import { sizeOption } from './size-option.ts'

const timeout = (what: string) =>
  new Option('--timeout <seconds>', what).argParser(secondsOption('positive')).default(600_000, '600')

const PREPARE_HELP = `
An address is USER@HOST[:PORT] or ssh://[USER@]HOST[:PORT], with an IPv6 address in brackets. If a file
of that name exists, it is an image. SEE asks for no password: it needs a key, for root or for a user whose sudo needs no password.
The guest's network stays as it is until its next boot.

Exit codes: 0 installed, and the output says what it still needs; 1 bad usage; 2 it could not be installed; 130 interrupted.`

const PACKAGES = new Option(
  '--packages <names>',
  'Debian packages with commas between them, such as python3,curl',
)
  .argParser(packagesOption)
  .makeOptionMandatory()
const NAME = new Option(
  '--name <name>',
  'the name of the guest (default: the names of the packages)',
).argParser(guestNameOption)
const SIZE = new Option(
  '--size <size>',
  'the size of its disk, such as 800M or 2G (default: what the packages need, and 256M free)',
).argParser(sizeOption)
const TEMPLATE = new Option('--template <name>', 'also boot it once and freeze it as a template').argParser(
  guestNameOption,
)

const HELP = `
A guest with packages is the tiny guest with these packages and what they depend on in it, as unpacked: their installation
scripts are not run. It boots as fast. A guest with the same packages, in the same versions, is built only once.
Guests are in /var/cache/see/guest for root and /var/tmp/see-UID/guest for others; SEE_GUEST_CACHE overrides.

Exit codes: 0 done; 1 bad usage, no such package or guest, or one in use; 2 a guest failed; 130 interrupted.

Examples:
  npx see guest build --packages python3,curl,git
  npx see run --guest curl-git-python3 -- sample.py
  npx see guest build --packages python3 --name py --template py`

interface PrepareFlags {
  readonly output?: string
  readonly timeout: number
  readonly json: boolean
}

interface BuildFlags {
  readonly packages: readonly string[]
  readonly name?: string
  readonly size?: number
  readonly template?: string
  readonly timeout: number
  readonly json: boolean
}

interface Flags {
  readonly json: boolean
}

/** The command `see guest`, which builds guests, and makes guests of the user's ready for SEE. */
export function guestCommand(terminal: Terminal): Command {
  const command = new Command('guest').description('build guests, or prepare existing ones for SEE')
  const json = ['--json', 'print the result as one JSON document', false] as const
  command
    .command('build')
    .description('build a tiny guest that has the Debian packages of your choice')
    .addOption(PACKAGES)
    .addOption(NAME)
    .addOption(SIZE)
    .addOption(TEMPLATE)
    .addOption(timeout('how long the guest may take until it is frozen, for --template'))
    .option(...json)
    .action(async (flags: BuildFlags, self: Command) => {
      const { packages, size: sizeMib, template, timeout: timeoutMs, json: asJson } = flags
      const name =
        flags.name ??
        nameOf(packages) ??
        self.error('error: so many packages need a name for the guest: give --name')
      const { build } = await import('./build.ts')
      await build({ packages, name, sizeMib, template, timeoutMs, json: asJson }, terminal)
    })
  command
    .command('ls')
    .description('list the guests that were built')
    .option(...json)
    .action(async ({ json: asJson }: Flags) => {
      const { list } = await import('./stored.ts')
      terminal.out.write(await list(asJson))
    })
  command
    .command('rm')
    .description('remove guests that were built; refused while one runs, or a template was made of it')
    .argument('<guest...>', 'names, or keys as ls shows them')
    .option(...json)
    .action(async (names: readonly string[], { json: asJson }: Flags) => {
      const { remove } = await import('./stored.ts')
      await remove(names)
      if (asJson) terminal.out.write(`${printableJson({ ok: true }, 2)}\n`)
    })
  command
    .command('prepare')
    .description('install what SEE needs into a Linux guest, or say what is missing')
    .argument(
      '<image|address>',
      'the disk of a guest that is off, of which a copy is made; or a guest that runs, reached by SSH',
    )
    .option('--output <file>', 'the copy, a qcow2 image (default: IMAGE without its ending, with -see.qcow2)')
    .addOption(timeout('how long all of it may take'))
    .option(...json)
    .addHelpText('after', PREPARE_HELP)
    .action(async (target: string, { output, timeout: timeoutMs, json: asJson }: PrepareFlags) => {
      const { prepare } = await import('./prepare.ts')
      await prepare({ target, output, timeoutMs, json: asJson }, terminal)
    })
  return command.addHelpText('after', HELP)
}
