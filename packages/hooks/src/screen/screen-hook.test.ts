import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment, type Screenshot } from '@see/core'
import { SimulatedDomain, simulatedFactory } from '@see/core/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

afterEach(() => void vi.restoreAllMocks())

const withoutScreen = simulatedFactory({ lacking: ['screen'] })
/** As a domain through libvirt without a video card has it. */
const withoutVideo = simulatedFactory({ faults: { without: ['screen'] } })

async function allocate(
  folder: string,
  screenshot_on_event: string | string[] = 'post_poweron',
  factory = simulatedFactory(),
) {
  return await Environment.allocate(factory, {
    hooks: [
      { name: '@see/hooks#ScreenHook', configuration: { results_folder: folder, screenshot_on_event } },
    ],
  })
}

function showing(data: () => AsyncIterable<Uint8Array>): void {
  vi.spyOn(SimulatedDomain.prototype, 'screenshot').mockImplementation(
    async (): Promise<Screenshot> => ({ mimeType: 'image/x-portable-pixmap', data: data() }),
  )
}

test('captures the screen at an event, into a folder it makes', async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'a', 'b')
  await using environment = await allocate(folder)
  await environment.context.poweron()
  const file = `${environment.identifier}_post_poweron.ppm`
  expect(await evidenceIn(folder)).toEqual([file])
  expect((await readFile(join(folder, file))).toString('latin1')).toBe('P6\n1 1\n255\n\0\0\0')
})

test('takes a list of events, and one named twice once', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, ['pre_pause', 'post_pause', 'post_pause'])
  await environment.context.poweron()
  await environment.context.pause()
  const { identifier } = environment
  expect(await evidenceIn(temporary.path)).toEqual([
    `${identifier}_post_pause.ppm`,
    `${identifier}_pre_pause.ppm`,
  ])
})

test('does not overwrite the first shot with the second of the same event', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, 'post_pause')
  const { context, identifier } = environment
  await context.poweron()
  for (let shot = 0; shot < 3; shot++) {
    await context.pause()
    await context.resume()
  }
  expect(await evidenceIn(temporary.path)).toEqual([
    `${identifier}_post_pause.ppm`,
    `${identifier}_post_pause_2.ppm`,
    `${identifier}_post_pause_3.ppm`,
  ])
})

test.each([
  ['png', '\x89PNG\r\n\x1a\n…'],
  ['jpg', '\xff\xd8\xff…'],
  ['bin', '<html>'],
  ['bin', ''],
])('names the file .%s after its bytes, whatever type it was announced as', async (extension, bytes) => {
  await using temporary = await temporaryFolder()
  showing(async function* () {
    yield Buffer.from(bytes, 'latin1')
  })
  await using environment = await allocate(temporary.path)
  await environment.context.poweron()
  expect(await evidenceIn(temporary.path)).toEqual([`${environment.identifier}_post_poweron.${extension}`])
})

test('keeps no screenshot larger than 64 MiB', async () => {
  await using temporary = await temporaryFolder()
  let sent = 0
  showing(async function* () {
    const chunk = Buffer.alloc(1024 * 1024)
    for (; sent < 1000; sent++) yield chunk
  })
  await using environment = await allocate(temporary.path)
  await environment.context.poweron()
  expect(environment.context.failures).toMatchObject([{ error: { code: 'GUEST_OUTPUT_LIMIT' } }])
  expect(sent).toBe(64)
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('refuses while the guest does not run', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, 'pre_poweron')
  await environment.context.poweron()
  expect(environment.context.failures).toMatchObject([
    { handler: '@see/hooks#ScreenHook.captureScreenshot', error: { code: 'GUEST_STOPPED' } },
  ])
  expect(String(environment.context.failures[0]?.error)).toContain('at pre_poweron: the guest is shutoff')
})

test('keeps an event with a slash in its name inside the folder', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, '../../outside')
  const { context, identifier } = environment
  await context.poweron()
  // @ts-expect-error: only the configuration knows this event
  await context.trigger('../../outside')
  expect(await evidenceIn(temporary.path)).toEqual([`${identifier}_.._.._outside.ppm`])
})

test('fails at set-up when the provider has no screen', async () => {
  await using temporary = await temporaryFolder()
  await expect(allocate(temporary.path, 'post_poweron', withoutScreen)).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code: 'ABILITY_MISSING' },
  })
})

test('a guest whose domain has no screen is a warning, and no failure', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, 'post_poweron', withoutVideo)
  const { context } = environment
  await context.poweron()
  expect(context.failures).toEqual([])
  expect(context.warnings).toMatchObject([{ code: 'SCREEN_MISSING' }])
})

test('captures what a guest shows that has crashed', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate(temporary.path, 'domain_crashed')
  const { context, identifier } = environment
  await context.poweron()
  context.domain.state = 'crashed'
  context.resources.guest?.ended({ reason: 'crashed', detail: 'panic', exitCode: null, signal: null })
  await context.settled()
  expect(await evidenceIn(temporary.path)).toEqual([`${identifier}_domain_crashed.ppm`])
})

test('fails at set-up when the folder cannot be written', async () => {
  await using temporary = await temporaryFolder()
  const file = join(temporary.path, 'file')
  await writeFile(file, '')
  await expect(allocate(join(file, 'folder'))).rejects.toMatchObject({
    cause: { code: 'RESULTS_UNWRITABLE', message: expect.stringContaining(join(file, 'folder')) },
  })
})

test.each([[{}], [{ results_folder: 1 }], [{ results_folder: '/x', screenshot_on_event: 'two words' }]])(
  'refuses the configuration %j before anything is allocated',
  async (configuration) => {
    const factory = vi.fn(simulatedFactory())
    const hooks = { hooks: [{ name: '@see/hooks#ScreenHook', configuration }] }
    await expect(Environment.allocate(factory, hooks)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
    })
    expect(factory).not.toHaveBeenCalled()
  },
)
