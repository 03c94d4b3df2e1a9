import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

const HOOK = `
export class Recorder {
  static schema
  constructor(parameters) { Object.assign(this, parameters) }
  setup() { globalThis.seeLayers.push(this.configuration) }
  cleanup() { if (this.configuration.broken) throw new Error('stuck') }
}
const { z } = await import('@see/core')
Recorder.schema = z.object({ key: z.string().optional(), label: z.string().optional(), broken: z.boolean().optional() })
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-layers-'))
  await writeFile(join(folder, 'hook.mjs'), HOOK)
})
afterAll(() => rm(folder, { recursive: true }))

const seen: unknown[] = []
Object.assign(globalThis, { seeLayers: seen })

test('of several configurations the hooks come in order, with the later generic part over the earlier', async () => {
  seen.length = 0
  const file = join(folder, 'hooks.json')
  await writeFile(
    file,
    JSON.stringify({ configuration: { label: 'file' }, hooks: [{ name: './hook.mjs#Recorder' }] }),
  )
  const name = `${folder}/hook.mjs#Recorder`
  await using _ = await Environment.allocate(simulatedFactory(), [
    { configuration: { key: 'first', label: 'first' }, hooks: [{ name }] },
    file,
    { hooks: [{ name, configuration: { key: 'own' } }] },
  ])
  expect(seen).toEqual([
    { key: 'first', label: 'first' },
    { key: 'first', label: 'file' },
    { key: 'own', label: 'file' },
  ])
})

test('a mistake in a file among several is reported with its line', async () => {
  const file = join(folder, 'broken.json')
  await writeFile(file, '{\n  "hooks": [\n    { "name": "./missing.mjs#Nothing" }\n  ]\n}\n')
  await expect(Environment.allocate(simulatedFactory(), [{ hooks: [] }, file])).rejects.toMatchObject({
    code: 'HOOK_LOAD',
    message: expect.stringContaining(`${file}:3:7`),
  })
})

test('a hook that throws in its cleanup is named', async () => {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [{ name: `${folder}/hook.mjs#Recorder`, configuration: { broken: true } }],
  })
  await expect(environment.deallocate()).rejects.toMatchObject({
    errors: [
      {
        code: 'HOOK_CLEANUP',
        message: `configuration: hook ${folder}/hook.mjs#Recorder cannot be cleaned up: stuck`,
      },
    ],
  })
})
