import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seeProgram } from '@see/cli'
import { Configuration, providerOf, registerProvider, type ResourcesParameters, type z } from '@see/core'
import { simulatedProvider, SimulatedResources } from '@see/core/testing'
import { afterAll, expect, test } from 'vitest'
import { poolContract } from './contract/pool.ts'
import { abilitiesOf } from './contract/provider.ts'
import { tinyGuestScripts } from './contract/tiny-guest-scripts.ts'

/** What the contract asks of a shell. */
const run = (argv: readonly string[]) => ({
  stdout: argv.includes('ip -4 address show eth0') ? 'inet 10.0.0.2/24' : 'one boot',
})

class AnsweringResources extends SimulatedResources {
  constructor(parameters: ResourcesParameters<z.output<typeof SimulatedResources.schema>>) {
    super({ ...parameters, configuration: { ...parameters.configuration, guest: { run } } })
  }
}

const registered = registerProvider({ ...simulatedProvider, resources: AnsweringResources })
afterAll(() => registered[Symbol.dispose]())

const folder = mkdtempSync(join(tmpdir(), 'see-registered-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'resources.json')
writeFileSync(file, '{ "hypervisor": "simulated:///" }')

/** Runs the command `see` in this process, which has the provider. */
async function see(...words: string[]) {
  let out = ''
  let exitCode = 0
  const terminal = { out: { write: (text: string) => void (out += text) }, error: { write: () => undefined } }
  await seeProgram(terminal, (code) => void (exitCode = code)).parseAsync(words, { from: 'user' })
  return { exitCode, report: JSON.parse(out) }
}

// Whether guests are accelerated is tried for ten seconds.
test('see check looks at what it needs', { timeout: 60_000 }, async () => {
  const { report } = await see('check', '--json')
  expect(report.providers).toContainEqual({
    provider: 'simulated',
    ready: true,
    findings: [expect.objectContaining({ name: 'node' }), expect.objectContaining({ name: 'simulation' })],
  })
})

test('see run runs a case in a sandbox of it', async () => {
  const argv = ['run', file, '--command', 'uname', '--runtime', '0', '--json']
  const { exitCode, report } = await see(...argv, '--results', join(folder, 'results'))
  expect([exitCode, report.ok]).toEqual([0, true])
  const evidence = join(folder, 'results', report.identifier)
  expect(readFileSync(join(evidence, 'run.json'), 'utf8')).toContain(report.identifier)
})

poolContract({
  name: 'the registered provider',
  factory: providerOf(Configuration.load(file)).contexts(file),
  abilities: abilitiesOf('simulated'),
  guest: {
    ...tinyGuestScripts,
    unasked: { ...tinyGuestScripts.unasked, killed: { reason: 'killed' } },
  },
  leftOf: async () => [],
})
