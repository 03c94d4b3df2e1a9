import { Command } from 'commander'
import { type ExitCode, exitCodes } from '../exit-code.ts'
import { Interruption } from '../interruption.ts'
import { printable } from '../printable.ts'
import type { Terminal } from '../terminal.ts'
import { type CheckDependencies, checkHost } from './check.ts'
import type { Finding, ProviderFindings } from './finding.ts'

const HELP = `
Acceleration is tried: a kernel is booted under it for at most ten seconds. Nothing else is started or changed.

Exit codes: 0 when at least one provider is ready; 2 when none is; 130 interrupted.`

type Dependencies = CheckDependencies & { readonly terminal: Terminal }

/** The command `see check`. */
export function checkCommand({ host, terminal }: Dependencies, exitWith: (code: ExitCode) => void): Command {
  return new Command('check')
    .description('say what on this host is ready for which provider, and how to mend what is missing')
    .option('--json', 'print it as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async ({ json }: { readonly json: boolean }) => {
      using interruption = new Interruption((message) => void terminal.error.write(`see: ${message}\n`))
      const providers = await checkHost(host, interruption.signal)
      if (interruption.signal.aborted) {
        exitWith(exitCodes.interrupted)
        return
      }
      const ready = providers.some((provider) => provider.ready)
      const text = json
        ? JSON.stringify({ ok: ready, providers }, undefined, 2)
        : providers.map(linesOf).join('\n\n')
      terminal.out.write(`${text}\n`)
      exitWith(ready ? exitCodes.done : exitCodes.sandbox)
    })
}

function linesOf({ provider, ready, findings }: ProviderFindings): string {
  return [`${provider}: ${ready ? 'ready' : 'not ready'}`, ...findings.map(lineOf)].join('\n')
}

function lineOf({ name, ok, detail, mend, required }: Finding): string {
  const mark = ok ? 'ok  ' : required ? 'MISS' : 'note'
  return printable(`  ${mark}  ${name}: ${detail}${mend === null ? '' : `\n        → ${mend}`}`)
}
