import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  abilities,
  type Ability,
  Environment,
  type HooksSource,
  requireAbility,
  type SeeContext,
} from '@see/core'
import type { ProtocolEvent } from '@see/hooks'
import { expect } from 'vitest'
import { bytesAt, Evidence } from '../support/evidence.ts'
import { sh } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'

const AT: ProtocolEvent = 'snapshots_capture'
interface StockHook {
  readonly name: string
  readonly configuration?: Record<string, unknown>
}

/** The hook that needs each ability. The context needs what no hook does. */
const byAbility: Record<Ability, StockHook | undefined> = {
  agent: { name: 'CommandsHook' },
  attach: undefined,
  ends: undefined,
  vnc: { name: 'VNCHook' },
  screen: { name: 'ScreenHook', configuration: { screenshot_on_event: AT } },
  memory: { name: 'MemoryHook', configuration: { memory_snapshots_on_event: AT } },
  disk: { name: 'DiskCheckPointHook', configuration: { checkpoint_on_event: AT } },
  console: { name: 'ConsoleHook' },
  capture: { name: 'NetworkTracerHook' },
}
const onAll: readonly StockHook[] = [
  { name: 'TimelineHook' },
  { name: 'TimersHook', configuration: { timers: { a_moment_later: 0.2 } } },
]

/** All stock hooks that collect something of a sandbox which can do what the provider's can. */
export function stockHooks({ abilities: declared }: Provider, results: string): HooksSource {
  // A VNC server is a matter of the configuration.
  const collecting = Array.from(declared).filter((ability) => ability !== 'vnc')
  return hooksFile(results, [...onAll, ...collecting.flatMap((ability) => byAbility[ability] ?? [])])
}

/** Whatever the provider cannot do is refused in the same way, and the hook that needs it at its set-up. */
export async function expectAbilities(
  context: SeeContext,
  { abilities: declared, factory }: Provider,
): Promise<void> {
  for (const ability of abilities) {
    const need = () => requireAbility(context, ability, { for: 'MyHook' })
    if (declared.has(ability)) {
      expect([ability, need()]).toEqual([ability, expect.any(Object)])
      continue
    }
    const refusal = { code: 'ABILITY_MISSING', message: expect.stringContaining(`the ability "${ability}"`) }
    expect(need).toThrow(expect.objectContaining(refusal))
    const hook = byAbility[ability]
    if (hook === undefined) continue
    const refused = Environment.allocate(factory, hooksFile('/nowhere', [hook]))
    await expect(refused).rejects.toMatchObject({
      code: 'HOOK_SETUP',
      cause: { ...refusal, message: expect.stringContaining(`which ${hook.name} needs`) },
    })
  }
}

function hooksFile(results: string, hooks: readonly StockHook[]): HooksSource {
  return {
    configuration: { results_folder: results },
    hooks: hooks.map(({ name, ...rest }) => ({ name: `@see/hooks#${name}`, ...rest })),
  }
}

/** What hooks do while the guest runs: to be called once, after its boot. */
export async function workInGuest(context: SeeContext, provider: Provider, results: string): Promise<void> {
  const finished: unknown[] = []
  context.subscribe('command_finished', ({ exit_code }) => void finished.push(exit_code))
  const sample = join(results, 'sample.sh')
  writeFileSync(sample, '#!/bin/sh\necho "ran as $(id -u)"; exit 5\n')
  await context.trigger('run_command', { command: 'echo one; echo two >&2; exit 3' })
  await context.trigger('run_sample', { sample })
  const wait = 'while [ ! -e /tmp/late ]; do sleep 0.1; done'
  await context.trigger('run_command', { command: `(${wait}; echo late) & echo early` })
  await context.agent.writeFile('/tmp/late', '')
  await expect
    .poll(() => new Evidence(results).json('_command_3.json'), { timeout: GUEST_MS / 2 })
    .toMatchObject({ output_open: false, late_bytes: { stdout: 5, stderr: 0 } })
  if (provider.abilities.has('console'))
    await sh(context, `echo said by the guest >${provider.guest.console}`)
  expect(finished).toEqual([3, 5, 0])
  expect(context.warnings.map(({ code }) => code)).not.toContain('OUTPUT_UNFINISHED')
}

const files: readonly (readonly [ability: Ability, name: RegExp, magic: RegExp])[] = [
  ['screen', /_snapshots_capture\.(png|ppm)$/, /^(\x89PNG|P6\n)/],
  ['memory', /_snapshots_capture\.elf$/, /^\x7fELF/],
  ['disk', /_snapshots_capture\.qcow2$/, /^QFI\xfb/],
  ['capture', /[^_]{12}\.pcap$/, /^\xd4\xc3\xb2\xa1/],
  ['console', /_console\.log$/, /^/],
]

/** What hooks left when the environment is gone. `fired` are the names of all its events, in order. */
export function expectEvidence(
  { abilities: declared }: Provider,
  folder: string,
  { macAddress, fired }: { readonly macAddress: string; readonly fired: readonly string[] },
): void {
  const evidence = new Evidence(folder)
  expect(evidence.read('_command_1.stdout').toString()).toBe('one\n')
  expect(evidence.read('_command_1.stderr').toString()).toBe('two\n')
  expect(evidence.json('_command_1.json')).toMatchObject({ status: 'finished', exit_code: 3 })
  expect(evidence.read('_command_2.stdout').toString()).toBe('ran as 0\n')
  expect(evidence.read('_command_3.stdout').toString()).toBe('early\nlate\n')
  // The timeline itself is written once it has its last line.
  expect([...evidence.events().map(({ name }) => name), 'evidence_written']).toEqual(fired)
  for (const [, name, magic] of files.filter(([ability]) => declared.has(ability))) {
    const found = readdirSync(folder).filter((each) => name.test(each))
    expect([name, found]).toEqual([name, [expect.any(String)]])
    expect(bytesAt(join(folder, found[0] ?? ''), 0, 4)).toMatch(magic)
  }
  if (declared.has('console')) {
    expect(evidence.read('_console.log').toString()).toContain('said by the guest')
  }
  if (declared.has('capture')) {
    expect(evidence.read('.pcap').includes(Buffer.from(macAddress.replaceAll(':', ''), 'hex'))).toBe(true)
  }
}
