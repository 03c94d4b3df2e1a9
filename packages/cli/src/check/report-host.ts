import { type Finding, printable, printableJson } from '@see/core'
import { type ExitCode, exitCodes } from '@see/runner/exit-codes'
import { Interruption } from '@see/runner/interruption'
import type { Terminal } from '../terminal/terminal.ts'
import { checkHost } from './check.ts'
import type { HookFindings, ProviderFindings } from './finding.ts'
import { findHooks } from './hook-findings.ts'
import { realHost } from './real-host.ts'
import { findSamples } from './sample-findings.ts'

/** Carries out `see check`. */
export async function reportHost(json: boolean, terminal: Terminal): Promise<ExitCode> {
  using interruption = new Interruption((message) => void terminal.error.write(`see: ${message}\n`))
  const providers = await checkHost(realHost, interruption.signal)
  const hooks = await findHooks(realHost, interruption.signal)
  const samples = await findSamples(realHost)
  interruption.signal.throwIfAborted()
  const ready = providers.some((provider) => provider.ready)
  const text = json
    ? printableJson({ ok: ready, providers, hooks, samples }, 2)
    : [...providers.map(linesOf), hookLines(hooks), sampleLines(samples)].join('\n\n')
  terminal.out.write(`${text}\n`)
  return ready ? exitCodes.done : exitCodes.sandbox
}

function linesOf({ provider, ready, abilities, findings }: ProviderFindings): string {
  const can = `  abilities: ${abilities.join(', ')}`
  return [`${provider}: ${ready ? 'ready' : 'not ready'}`, ...findings.map(lineOf), can].join('\n')
}

function hookLines({ install, findings }: HookFindings): string {
  const all = install === null ? [] : [`  to install all that is missing: ${install}`]
  return ['hooks:', ...findings.map(lineOf), ...all].join('\n')
}

function sampleLines(findings: readonly Finding[]): string {
  return ['samples that are unpacked:', ...findings.map(lineOf)].join('\n')
}

function lineOf({ name, ok, detail, mend, required }: Finding): string {
  const mark = ok ? 'ok  ' : required ? 'MISS' : 'note'
  return printable(`  ${mark}  ${name}: ${detail}${mend === null ? '' : `\n        → ${mend}`}`)
}
