import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { seeProgram } from '@see/cli'
import { abilities, type Ability, Environment, registerProvider } from '@see/core'
import { afterAll, expect, test } from 'vitest'
import { expectAbilities } from './contract/hooks.ts'
import { lifeContract } from './contract/life.ts'
import { type ProviderDescription, providerContract, registered } from './contract/registered.ts'
import { processOf } from './contract/unasked.ts'
import { processes } from './support/leftovers.ts'
import { machineScripts } from './support/machine/init.ts'
import { machineProvider } from './support/machine/machine-resources.ts'

const registration = registerProvider(machineProvider)
afterAll(() => registration[Symbol.dispose]())

const { powerOff, reboot, ...scripts } = machineScripts
const machine: Omit<ProviderDescription, 'resources'> = {
  guest: {
    ...scripts,
    unasked: {
      powerOff,
      reboot,
      poweredOff: { reason: 'powered_off' },
      process: (identifier) => processOf('unshare', identifier),
      killed: { reason: 'killed', signal: 'SIGKILL' },
    },
  },
  leftOf: async (identifier) => processes(({ commandLine }) => commandLine.includes(identifier)),
}
const provider = registered({ resources: { hypervisor: 'simulated:///' }, ...machine })
afterAll(() => provider[Symbol.dispose]())

// One that can do little.
const few: readonly Ability[] = ['agent', 'ends']
const bareRegistration = registerProvider({
  ...machineProvider,
  name: 'bare',
  title: 'Bare',
  schemes: ['bare'],
  uri: 'bare:///',
  abilities: few,
})
afterAll(() => bareRegistration[Symbol.dispose]())
const lacking = abilities.filter((ability) => !few.includes(ability))
const bare = registered({ resources: { hypervisor: 'bare:///', lacking }, ...machine })
afterAll(() => bare[Symbol.dispose]())

/** Runs the command `see` in this process, which has the provider. */
async function see(...words: string[]) {
  let out = ''
  let exitCode = 0
  const terminal = { out: { write: (text: string) => void (out += text) }, error: { write: () => undefined } }
  await seeProgram(terminal, (code) => void (exitCode = code)).parseAsync(words, { from: 'user' })
  return { exitCode, report: JSON.parse(out) }
}

// Whether guests are accelerated is tried for ten seconds.
test('see check looks at what it needs, and says what it can do', { timeout: 60_000 }, async () => {
  const { report } = await see('check', '--json')
  expect(report.providers).toContainEqual({
    provider: 'simulated',
    ready: true,
    abilities: abilities.filter((ability) => ability !== 'attach'),
    findings: ['node', 'keeper', 'simulation'].map((name) => expect.objectContaining({ name })),
  })
})

test('see run runs a case in a sandbox of it', { timeout: 60_000 }, async () => {
  const results = join(dirname(provider.resources), 'results')
  const argv = ['run', provider.resources, '--command', 'echo ran in it', '--runtime', '0', '--json']
  const { exitCode, report } = await see(...argv, '--results', results)
  expect([exitCode, report.ok]).toEqual([0, true])
  const evidence = join(results, report.identifier)
  expect(readFileSync(join(evidence, 'run.json'), 'utf8')).toContain(report.identifier)
  expect(readFileSync(join(evidence, `${report.identifier}_command_1.stdout`), 'utf8')).toBe('ran in it\n')
})

test.each(['agent', 'screen'] as const)(
  'a provider that declares what is not so of %s fails the contract',
  async (ability) => {
    await using environment = await Environment.allocate(bare.factory)
    const other = new Set(bare.abilities)
    if (!other.delete(ability)) other.add(ability)
    await expect(expectAbilities(environment.context, { ...bare, abilities: other })).rejects.toThrow()
    await expectAbilities(environment.context, bare)
  },
)

providerContract(provider)
lifeContract(bare)
