import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, lxcFactory } from '@see/core'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { leftOfContainer } from './support/left-of-container.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

const CONTAINER_MS = 30_000
const tiny = makeTinyContainer()
afterAll(() => tiny[Symbol.dispose]())

/** One whose init is this script, or another program of the container. */
async function container(init: string, hooks?: Parameters<typeof Environment.allocate>[1]) {
  const path = init.startsWith('/') ? init : '/sbin/mine'
  if (path !== init) writeFileSync(join(tiny.root, path), `#!/bin/sh\n${init}`, { mode: 0o755 })
  const resources = tiny.resources({ network: { mode: 'none' } }, (xml) => xml.replace('/sbin/init', path))
  const environment = await Environment.allocate(lxcFactory(resources), hooks)
  onTestFinished(() => environment.deallocate(), CONTAINER_MS)
  await environment.context.poweron()
  return environment
}

const CHATTY = `i=0
while [ $i -lt 20000 ]; do echo "line $i of what it has to say"; i=$((i+1)); done
touch /run/said
while :; do sleep 1; done`

test('a container that prints to a console without a reader goes on', { timeout: CONTAINER_MS }, async () => {
  const { context } = await container(`rm -f /run/said; ${CHATTY}`)
  const said = async () => (await context.agent.exec(['ls', '/run/said'])).exitCode
  await expect.poll(said, { timeout: 20_000 }).toBe(0)
})

test('ConsoleHook has all of it, beside SEE’s own reader', { timeout: CONTAINER_MS }, async () => {
  const results = join(tiny.folder, 'results')
  const environment = await container(`rm -f /run/said; ${CHATTY}`, {
    hooks: [{ name: '@see/hooks#ConsoleHook', configuration: { results_folder: results } }],
  })
  const { context, identifier } = environment
  const said = async () => (await context.agent.exec(['ls', '/run/said'])).exitCode
  await expect.poll(said, { timeout: 20_000 }).toBe(0)
  // Another reader gets what is kept of it from the start, and can write.
  const console = await context.domain.openConsole()
  const [first] = await once(console, 'data')
  console.destroy()
  expect(String(first)).toContain('line 0 of')
  const log = () => readFileSync(join(results, `${identifier}_console.log`), 'utf8')
  await expect
    .poll(() => log().slice(-1000), { timeout: 20_000 })
    .toContain('line 19999 of what it has to say')
  await environment.deallocate()
  expect(context.failures).toEqual([])
  expect(log().match(/of what it has to say/g)).toHaveLength(20_000)
})

test('a container that prints without end costs neither time nor memory', {
  timeout: CONTAINER_MS,
}, async () => {
  const { context } = await container('exec yes "and again and again"')
  const before = { ...process.cpuUsage(), rss: process.memoryUsage().rss }
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(1500)
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(64 * 1024 * 1024)
  const started = performance.now()
  await context.poweroff()
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('a container whose init is busybox’s stops and restarts on request', {
  timeout: 60_000,
}, async () => {
  mkdirSync(join(tiny.root, 'sbin/busybox'), { recursive: true })
  symlinkSync('../../bin/busybox', join(tiny.root, 'sbin/busybox/init'))
  writeFileSync(join(tiny.root, 'etc/inittab'), '::sysinit:/bin/echo booted\n::respawn:/bin/sleep 1000\n')
  const environment = await container('/sbin/busybox/init')
  const { context, identifier } = environment
  // Immediately: an init that just begins gets no signals yet.
  const id = async () => (await context.hypervisor.domainLookupByName(identifier)).id
  const first = await id()
  await context.restart()
  await expect.poll(id, { timeout: 20_000 }).not.toBe(first)
  await context.shutdown({}, { timeoutMs: 20_000 })
  expect(await context.state()).toBe('shutoff')
  await environment.deallocate()
  expect(await leftOfContainer(identifier)).toEqual([])
})
