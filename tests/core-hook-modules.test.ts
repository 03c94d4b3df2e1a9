import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, Hook, SeeError, SeeEvent, loadExport, z } from '@see/core'
import { SimulatedDomain, simulatedFactory } from '@see/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// Outside the repository, where no node_modules of ours is found.
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-hooks-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const javascript = `
import { Hook, SeeError, SeeEvent, z as fromCore } from '@see/core'
import { SimulatedDomain } from '@see/core/testing'
import { z } from 'zod'
import * as subpath from 'zod/v4'

const schema = z.strictObject({ results_folder: z.string() })

export class MyHook extends Hook {
  static schema = schema
  setup() {
    this.context.subscribe('post_poweron', (event) => {
      this.context.seen = [event instanceof SeeEvent, this.configuration.results_folder]
    })
  }
}
export default MyHook
export const copies = { Hook, SeeError, SeeEvent, SimulatedDomain, z, fromCore, ZodObject: subpath.ZodObject }
`

const typescript = javascript
  .replace('import { Hook,', "import type { SeeContext } from '@see/core'\nimport { Hook,")
  .replace('extends Hook {', 'extends Hook<typeof schema> {')
  .replace('static schema', 'static override readonly schema')
  .replace('setup() {', 'setup(): void {')
  .replace('this.context.seen =', '(this.context as SeeContext & { seen?: unknown }).seen =')

describe.each([
  ['mine.ts', typescript],
  ['mine.mts', typescript],
  ['mine.js', javascript],
  ['mine.mjs', javascript],
])('a hook module %s outside the repository', (name, text) => {
  test('shares the one copy of every package', async () => {
    await write(name, text)
    const copies = (await loadExport(`./${name}#copies`, folder)) as Record<string, unknown>
    expect(copies['Hook']).toBe(Hook)
    expect(copies['SeeError']).toBe(SeeError)
    expect(copies['SeeEvent']).toBe(SeeEvent)
    expect(copies['SimulatedDomain']).toBe(SimulatedDomain)
    expect(copies['fromCore']).toBe(z)
    expect(copies['z']).toBe(z)
    expect(copies['ZodObject']).toBe(z.ZodObject)
  })

  test('runs, as a named and as the default export', async () => {
    await write(name, text)
    const hooks = [`./${name}#MyHook`, `./${name}`, `${join(folder, name)}#MyHook`]
    for (const hook of hooks) {
      const configuration = { hooks: [{ name: hook, configuration: { results_folder: 'here' } }] }
      const file = await write('hooks.json', JSON.stringify(configuration))
      await using environment = await Environment.allocate(simulatedFactory(), file)
      const { context } = environment
      await context.poweron()
      expect(context.failures).toEqual([])
      expect((context as unknown as { seen: unknown }).seen).toEqual([true, 'here'])
    }
  })
})

test('a module may import others beside it, with or without an extension', async () => {
  await write('helper.ts', 'export const answer: number = 42')
  await write('other.mts', "export { answer as other } from './helper.ts'")
  await write(
    'importing.ts',
    "import { answer } from './helper'\nimport { other } from './other.mts'\nexport const sum = answer + other",
  )
  await expect(loadExport('./importing.ts#sum', folder)).resolves.toBe(84)
})

test('an export of a package', async () => {
  await expect(loadExport('@see/core#Hook', folder)).resolves.toBe(Hook)
  await expect(loadExport('@see/core/testing#SimulatedDomain', folder)).resolves.toBe(SimulatedDomain)
})
