import { printableJson } from '@see/core/printable'
import { Command, Option } from 'commander'
import { type ExitCode, exitCodes } from '@see/runner/exit-codes'
import { secondsOption } from '../terminal/seconds.ts'
import type { Terminal } from '../terminal/terminal.ts'

const HELP = `
A resources file of embedded:///, qemu:///system or qemu:///session names it: { "template": "NAME", … }.
Templates are in /var/lib/see/templates for root and ~/.local/share/see/templates for others; SEE_TEMPLATES overrides.

Exit codes: 0 done; 1 bad usage, no such template, or one that is damaged or in use; 2 the guest failed; 130 interrupted.`

const TIMEOUT = new Option(
  '--timeout <seconds>',
  'how long the guest may take from its start until it is frozen',
)
  .argParser(secondsOption('positive'))
  .default(600_000, '600')

interface Flags {
  readonly json: boolean
}

/** The command `see template`, which makes and shows guests that were booted once and are cloned from then on. */
export function templateCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  const command = new Command('template').description('freeze a booted guest, to clone it within a second')
  const json = ['--json', 'print the result as one JSON document', false] as const
  command
    .command('build')
    .description('boot the guest of a resources file once, and freeze it under a name')
    .argument('<resources.json>', 'what the guest is made of')
    .argument('<template>', 'the name of the template; an existing one is replaced')
    .addOption(TIMEOUT)
    .option(...json)
    .action(async (resources: string, name: string, flags: Flags & { readonly timeout: number }) => {
      const { build } = await import('./build.ts')
      await build({ resources, name, timeoutMs: flags.timeout, json: flags.json }, terminal)
    })
  command
    .command('ls')
    .description('list the templates')
    .option(...json)
    .action(async ({ json: asJson }: Flags) => {
      const { list } = await import('./stored.ts')
      terminal.out.write(await list(asJson))
    })
  command
    .command('info')
    .description('describe a template, and check whether it can be cloned')
    .argument('<template>')
    .option('--verify', 'compute the checksums of everything', false)
    .option(...json)
    .action(async (name: string, { verify, json: asJson }: Flags & { readonly verify: boolean }) => {
      const { info } = await import('./stored.ts')
      const { text, usable } = await info(name, { verify, json: asJson })
      terminal.out.write(text)
      exitWith(usable ? exitCodes.done : exitCodes.usage)
    })
  command
    .command('rm')
    .description('remove a template; refused while clones of it run')
    .argument('<template>')
    .option(...json)
    .action(async (name: string, { json: asJson }: Flags) => {
      const { remove } = await import('./stored.ts')
      await remove(name)
      if (asJson) terminal.out.write(`${printableJson({ ok: true }, 2)}\n`)
    })
  return command.addHelpText('after', HELP)
}
