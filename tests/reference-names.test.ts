import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger, Environment, hookAliases, type HooksSource, vboxFactory } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import * as stock from '@see/hooks'
import { expect, test } from 'vitest'
import { temporaryFolder } from './support/temporary-folder.ts'

function allocating(hooks: HooksSource | object): Promise<Environment> {
  const file = join(temporaryFolder(), 'hooks.json')
  writeFileSync(file, JSON.stringify(hooks))
  return Environment.allocate(simulatedFactory(), file)
}

/** What goes wrong with one hook. */
async function problemOf(name: string, configuration: Record<string, unknown> = {}): Promise<string> {
  const allocated = allocating({ hooks: [{ name, configuration }] })
  const error = await allocated.then(
    (environment) => environment.deallocate(),
    (reason: unknown) => reason,
  )
  return String(error)
}

const exported = new Map(Object.entries(stock))
const aliases = [...hookAliases].map(([alias, here]) => [alias, here, here.split('#')[1] ?? ''] as const)

test.each(aliases.filter(([, , name]) => exported.has(name)))('%s is %s', async (alias, _here, name) => {
  const Class = exported.get(name)
  const keys = Class !== undefined && 'schema' in Class ? Object.keys(Class.schema.shape).join(', ') : ''
  expect(await problemOf(alias, { no_such_key: 1 })).toContain(`unknown key "no_such_key" (known: ${keys})`)
})

test.each(aliases.filter(([, , name]) => !exported.has(name)))(
  '%s, %s, is not there yet',
  async (alias, here, name) => {
    const problem = await problemOf(alias)
    expect(problem).toContain(`hooks.json:1:12: ${alias} stands for ${here}: `)
    expect(problem).toContain(`@see/hooks has no export "${name}" (it has: `)
  },
)

test('a hook is called the same, whichever of its names the file has', async () => {
  const folder = temporaryFolder()
  const configuration = { results_folder: folder, screenshot_on_event: 'pre_poweron' }
  const hooks = ['plugins.screen.ScreenHook', '@see/hooks#ScreenHook'].map((name) => ({
    name,
    configuration,
  }))
  await using environment = await allocating({ hooks })
  await environment.context.poweron()
  const name = '@see/hooks#ScreenHook.captureScreenshot'
  expect(environment.context.failures.map(({ handler }) => handler)).toEqual([name, name])
})

test.each(['mine.hooks.MyHook', 'plugins.screen.MyHook'])(
  'a hook in Python is reported as such: %s',
  async (name) => {
    const problem = await problemOf(name)
    expect(problem).toMatch(/^SeeError: .*hooks\.json:1:12: /)
    expect(problem).toContain(`${name} looks like the name of a Python class: port it to TypeScript`)
  },
)

test.each(['fields', 'pdml', 'ps', 'psml'])(
  'a format of the reference’s that there is not: %s',
  async (log_format) => {
    const configuration = { results_folder: '/nowhere', log_format }
    expect(await problemOf('plugins.network.NetworkAnalysisHook', configuration)).toContain(
      'expected "text" or "json"; for another format of tshark let AnalyserHook run it',
    )
  },
)

test('a file may have no hooks at all, as in the reference', async () => {
  for (const empty of [{}, { hooks: {} }, { configuration: { results_folder: '/nowhere' } }]) {
    await using environment = await allocating(empty)
    await environment.context.poweron()
    expect(environment.context.failures).toEqual([])
  }
})

test('a VirtualBox file as the reference’s manual has it, whose "name" is warned of', async () => {
  const folder = temporaryFolder()
  const [image, configuration] = [join(folder, 'image.vdi'), join(folder, 'domain.xml')]
  execFileSync('qemu-img', ['create', '-q', '-f', 'vdi', image, '8M'])
  const os = '<os><type arch="x86_64">hvm</type></os>'
  const disk = '<disk type="file" device="disk"><source file="/x"/><target dev="hda" bus="ide"/></disk>'
  writeFileSync(
    configuration,
    `<domain type="vbox"><name>x</name><memory unit="MiB">64</memory>${os}<devices>${disk}</devices></domain>`,
  )
  const file = join(folder, 'context.json')
  const name = 'see.resources.vbox.VBoxResources'
  // libvirt's mock hypervisor: there is no VirtualBox here.
  const hypervisor = 'test:///default'
  const provider = 'see.image_providers.DummyProvider'
  const warnings: unknown[] = []
  const logger = createLogger('warn', { write: (line) => void warnings.push(JSON.parse(line)) })
  for (const given of [image, { uri: image, provider }]) {
    writeFileSync(
      file,
      JSON.stringify({ name, hypervisor, domain: { configuration }, disk: { image: given } }),
    )
    await using environment = await Environment.allocate(vboxFactory(file), { hooks: [] }, { logger })
    expect(await environment.context.domain.getXMLDesc()).toContain(`<source file='${image}'/>`)
  }
  const warning = { name, msg: expect.stringContaining('"name", which decides nothing here') }
  expect(warnings).toEqual([expect.objectContaining(warning), expect.objectContaining(warning)])
})
