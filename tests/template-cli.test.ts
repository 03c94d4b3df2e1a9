import { spawn } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { TemplateFolder } from './support/template-guest.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

let folder: TemplateFolder
beforeAll(() => void (folder = new TemplateFolder()))
afterAll(() => folder[Symbol.dispose]())

function start(...argv: string[]) {
  const child = spawn(process.execPath, [see, 'template', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (error += text))
  const ended = new Promise<{ exitCode: number | null; out: string; error: string }>((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, out, error }))
  })
  const said = async (pattern: RegExp) => await expect.poll(() => error, { timeout: 20_000 }).toMatch(pattern)
  return { child, ended, said }
}

test('builds, lists, describes and removes; a build that is killed leaves nothing that is seen', {
  timeout: 90_000,
}, async () => {
  const resources = folder.resources({
    disk: { image: join(tinyGuest(), 'disk.qcow2'), clone: { storage_pool_path: join(folder.path, 'i') } },
  })
  const crashed = start('build', resources, 'tiny')
  await crashed.said(/booting the guest/)
  crashed.child.kill('SIGKILL')
  await crashed.ended
  const store = () => readdir(join(folder.path, 'templates'))
  // What was begun is removed by the keeper of the process.
  await expect.poll(store, { timeout: 30_000 }).toEqual(['.tiny.lock'])
  expect((await start('ls').ended).out).toMatch(/^There is no template in /)
  const built = await start('build', resources, 'tiny').ended
  expect(built).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^Template tiny in \S+\/tiny\/\n$/) })
  expect(built.error).toMatch(/booting the guest[^]*freezing it[^]*checksums/)
  expect((await store()).filter((name) => name.endsWith('.building'))).toEqual([])
  expect(await start('ls').ended).toEqual({ exitCode: 0, out: 'tiny\n', error: '' })
  expect(JSON.parse((await start('ls', '--json').ended).out)).toMatchObject({ templates: ['tiny'] })
  const info = await start('info', 'tiny', '--verify').ended
  expect(info).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/pc-q35-7.2 with max by tcg[^]*Ready to be cloned/),
  })
  const found = JSON.parse((await start('info', 'tiny', '--json').ended).out)
  expect(found).toMatchObject({ ok: true, manifest: { name: 'tiny', identity: 'port' }, error: null })
  await writeFile(join(found.folder, 'state'), 'x')
  const damaged = await start('info', 'tiny').ended
  expect(damaged).toMatchObject({ exitCode: 1, out: expect.stringContaining('state has 1 bytes') })
  expect(await start('rm', 'tiny').ended).toEqual({ exitCode: 0, out: '', error: '' })
  const missing = await start('info', 'tiny').ended
  expect(missing).toMatchObject({ exitCode: 1, error: expect.stringContaining('see template build') })
})

test('the help has the bound of a build in the unit that it is given in', async () => {
  const { out } = await start('build', '--help').ended
  expect(out.replaceAll(/\s+/g, ' ')).toContain(
    '--timeout <seconds> how long the guest may take from its start until it is frozen (default: 600)',
  )
})

test('Ctrl-C ends a build, and leaves nothing of it', { timeout: 60_000 }, async () => {
  const { child, ended, said } = start('build', folder.resources(), 'late', '--json')
  await said(/booting the guest/)
  child.kill('SIGINT')
  const { exitCode, out } = await ended
  expect(exitCode).toBe(130)
  expect(JSON.parse(out)).toMatchObject({ ok: false })
  expect((await readdir(join(folder.path, 'templates'))).filter((name) => name !== '.late.lock')).toEqual([])
})

test.each([
  [['build', 'nowhere.json', 'x'], /cannot read .*nowhere.json/],
  [['build', 'nowhere.json', '../x'], /is no name|cannot read/],
  [['rm', 'nowhere'], /is not in/],
  [['info', '..'], /is no name/],
  [['build', 'nowhere.json'], /missing required argument/],
])('bad usage: %j', async (argv, error) => {
  expect(await start(...argv).ended).toMatchObject({
    exitCode: 1,
    out: '',
    error: expect.stringMatching(error),
  })
})
