import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Environment, type EventRecord } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const examples = fileURLToPath(new URL('../examples/lifecycle/', import.meta.url))

let folder = ''
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'see-examples-'))))
afterEach(() => rm(folder, { recursive: true }))

/** Allocates with the manual's two hooks, from a file that names the example hook's module relative to itself. */
async function allocate(file: string, hook: string, temporary_folder: string) {
  const screen = { screenshot_on_event: ['custom_event', 'post_pause'] }
  const hooks = {
    configuration: { results_folder: join(folder, 'results') },
    hooks: [
      { name: '@see/hooks#ScreenHook', configuration: screen },
      { name: hook, configuration: { wait: 0.2, temporary_folder } },
    ],
  }
  await writeFile(file, JSON.stringify(hooks))
  return await Environment.allocate(simulatedFactory(), file)
}

async function expectManualsLifecycle(file: string, hook: string): Promise<void> {
  const temporary = await mkdtemp(join(folder, 'temporary-'))
  const environment = await allocate(file, hook, temporary)
  const { context, identifier } = environment
  const records: EventRecord[] = []
  context.observe({ eventHandled: (record) => void records.push(record) })

  await context.poweron()
  // The handler of post_poweron waits without holding anything up.
  expect(context.running).toEqual([`${hook}.startEventHandler`])
  expect(await context.state()).toBe('running')

  await context.settled()
  expect(context.failures).toEqual([])
  expect(await context.state()).toBe('paused')
  const others = records.filter(({ event }) => event.name !== 'evidence_written')
  expect(others.map(({ event, parent }) => [event.name, event.origin, parent])).toEqual([
    ['pre_poweron', '@see/core#SeeContext', undefined],
    ['post_poweron', '@see/core#SeeContext', undefined],
    ['pre_pause', '@see/core#SeeContext', 3],
    ['post_pause', '@see/core#SeeContext', 3],
    ['custom_event', hook, undefined],
  ])
  await environment.deallocate()
  expect((await readdir(join(folder, 'results'))).toSorted()).toEqual([
    `${identifier}_custom_event.ppm`,
    `${identifier}_manifest.json`,
    `${identifier}_post_pause.ppm`,
  ])
  await expect(stat(temporary)).rejects.toMatchObject({ code: 'ENOENT' })
}

test('the manual’s ExampleHook and ScreenHook: waits, fires, pauses, captures', async () => {
  await expectManualsLifecycle(join(folder, 'hooks.json'), `${examples}example-hook.ts#ExampleHook`)
})

test('the same from a folder outside the repository, with nothing installed there', async () => {
  await copyFile(join(examples, 'example-hook.ts'), join(folder, 'example-hook.ts'))
  await expectManualsLifecycle(join(folder, 'hooks.json'), './example-hook.ts#ExampleHook')
})

test('a deallocation does not wait for the example’s minute to pass', async () => {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [{ name: `${examples}example-hook.ts#ExampleHook` }],
  })
  await environment.context.poweron()
  const start = performance.now()
  await environment.deallocate()
  expect(performance.now() - start).toBeLessThan(2000)
  expect(environment.context.failures).toEqual([])
})

test('the example’s own hooks file can be loaded', async () => {
  const [hooks, generic] = [join(examples, 'hooks.json'), { results_folder: folder }]
  const environment = await Environment.allocate(simulatedFactory(), [
    { configuration: generic, hooks: [] },
    hooks,
  ])
  const { context, identifier } = environment
  await context.poweron()
  await environment.deallocate()
  expect((await readdir(folder)).toSorted()).toEqual([
    `${identifier}_manifest.json`,
    `${identifier}_timeline.jsonl`,
  ])
})
