import { execFileSync } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seeHere, startSee } from './support/see-command.ts'
import { TemplateFolder } from './support/template-guest.ts'
import { tinyGuest } from './support/tiny-guest.ts'

/** Other tests have both processors meanwhile. */
const BUILD_MS = 300_000
/** No other guest has a disk of this size, so that what is built here is not there yet. */
const size = `${randomInt(400, 4000)}M`
const testName = () => `see-test-${randomUUID().slice(0, 8)}`
const [one, two, stopped] = [testName(), testName(), testName()]

let folder: TemplateFolder
beforeAll(() => void (folder = new TemplateFolder()))
afterAll(() => folder[Symbol.dispose]())

const guest = async (...words: readonly string[]) => await startSee(folder.path, ['guest', ...words]).ended
const buildPython = async (name: string, ...more: readonly string[]) => {
  const argv = ['build', '--packages', 'python3', '--size', size, '--name', name, '--json', ...more]
  const { exitCode, out, error } = await guest(...argv)
  expect([exitCode, error]).toEqual([0, expect.any(String)])
  return { report: JSON.parse(out), error }
}

/** What the builder works in, until it is there. */
const unfinished = () =>
  readdirSync(dirname(tinyGuest())).filter((name) => name.startsWith('.with-packages-'))

/** Runs the sample as it is and as the manual says, and waits until it has ended. */
const PROTOCOL = `export const run = async (context, { sample, timeoutMs, signal }) => {
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs, signal })
  await context.trigger('run_sample', { sample })
  await context.trigger('run_sample', { sample, command: 'python3 {sample}' })
  await context.poweroff()
}`

const PROGRAM = `import os, ssl, sys
print('hello from Python', sys.version_info.major, os.uname().nodename)
assert len(ssl.create_default_context().get_ca_certs()) > 50
`

test('a guest with Python is built once, runs Python, becomes a template, and is removed', {
  timeout: BUILD_MS,
}, async () => {
  writeFileSync(join(folder.path, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder.path, 'hello.py'), PROGRAM)

  const [first, second] = await Promise.all([buildPython(one), buildPython(two)])
  expect(second.report.folder).toBe(first.report.folder)
  expect(`${first.error}${second.error}`.match(/writing a disk/g)).toHaveLength(1)
  expect(first.report).toMatchObject({
    ok: true,
    asked: ['python3'],
    packages: expect.arrayContaining([expect.stringMatching(/^python3-minimal=3/)]),
    resources: { embedded: join(first.report.folder, 'embedded.json') },
  })

  const run = async (...words: readonly string[]) => {
    const argv = ['run', '--json', '--protocol', './protocol.mjs#run', ...words, 'hello.py']
    const { exitCode, out } = await startSee(folder.path, argv).ended
    const { commands, failures } = JSON.parse(out)
    const ran = { status: 'finished', exit_code: 0, stdout: 'hello from Python 3 see-guest\n', stderr: '' }
    return { exitCode, commands, failures, ran }
  }
  const booted = await run('--guest', one)
  expect(booted.failures).toEqual([])
  expect(booted.commands).toMatchObject([booted.ran, booted.ran])
  expect(booted.exitCode).toBe(0)

  const frozen = await buildPython(one, '--template', 'python')
  expect(frozen.error).not.toMatch(/writing a disk/)
  expect(frozen.report).toMatchObject({ folder: first.report.folder, template: 'python' })
  const cloned = await run(frozen.report.clones)
  expect(cloned.failures).toEqual([])
  expect(cloned.commands).toMatchObject([{ exit_code: 0 }, { exit_code: 0 }])
  expect(cloned.exitCode).toBe(0)
  expect((await buildPython(one, '--template', 'python')).error).not.toMatch(/booting/)

  const { guests } = JSON.parse((await guest('ls', '--json')).out)
  expect(guests).toContainEqual(
    expect.objectContaining({ names: [one, two].toSorted(), key: first.report.key }),
  )
  expect((await guest('ls')).out).toMatch(new RegExp(`${one}.*: python3; \\d+ MiB, built 20`))
  expect(await guest('rm', one, two)).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('template python needs it'),
  })
  await startSee(folder.path, ['template', 'rm', 'python']).ended
  expect(await guest('rm', one, two)).toMatchObject({ exitCode: 0, out: '' })
  expect(existsSync(first.report.folder)).toBe(false)
  expect((await guest('ls')).out).not.toMatch(new RegExp(`${one}|${two}`))
  expect(unfinished()).toEqual([])
})

test('Ctrl-C ends a build, and leaves nothing of it', { timeout: BUILD_MS }, async () => {
  tinyGuest()
  const argv = ['guest', 'build', '--packages', 'jq', '--size', size, '--name', stopped]
  const { child, ended, said } = startSee(folder.path, argv)
  await said(/unpacking them/)
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ exitCode: 130, out: '' })
  expect(unfinished()).toEqual([])
  expect((await guest('ls')).out).not.toContain(stopped)
})

test('a package that apt does not know is reported before anything is made', {
  timeout: BUILD_MS,
}, async () => {
  tinyGuest()
  expect(await guest('build', '--packages', 'python3,no-such-package', '--name', stopped)).toMatchObject({
    exitCode: 1,
    out: '',
    error: expect.stringMatching(/apt knows no package of the name: no-such-package \(/),
  })
  expect(unfinished()).toEqual([])
})

test('apt is asked for the versions of the tiny guest once, and again when what it goes by has changed', {
  timeout: BUILD_MS,
}, () => {
  const [cache, bin] = [join(folder.path, 'cache'), join(folder.path, 'bin')]
  const asked = join(folder.path, 'asked')
  for (const each of [cache, bin]) mkdirSync(each)
  // With the guest that is there, and lists of its own, should this host's be of no use.
  const there = tinyGuest()
  for (const name of [basename(there), 'apt']) {
    const path = join(dirname(there), name)
    if (existsSync(path)) symlinkSync(path, join(cache, name))
  }
  const script = `#!/bin/sh\necho "$@" >>${asked}\nexec /usr/bin/apt-get "$@"\n`
  writeFileSync(join(bin, 'apt-get'), script, { mode: 0o755 })
  writeFileSync(asked, '')
  const timesAsked = () => {
    const env = { ...process.env, SEE_GUEST_CACHE: cache, PATH: `${bin}:${process.env['PATH']}` }
    const builder = fileURLToPath(new URL('../guest/build.sh', import.meta.url))
    expect(execFileSync('bash', [builder], { env, encoding: 'utf8' })).toBe(
      `${join(cache, basename(there))}\n`,
    )
    return readFileSync(asked, 'utf8').split('\n').length - 1
  }
  expect([timesAsked(), timesAsked()]).toEqual([1, 1])
  const said = readdirSync(cache).filter((name) => name.startsWith('.said-'))
  // Older than apt's configuration and lists.
  for (const name of said) utimesSync(join(cache, name), 0, 0)
  expect([timesAsked(), timesAsked()]).toEqual([2, 2])
})

test.each([
  [['guest', 'build', '--packages', 'python3;id'], /Expected names of Debian packages/],
  [['guest', 'build'], /required option '--packages/],
  [['guest', 'build', '--packages', 'jq', '--size', '2'], /such as 800M or 2G/],
  [['guest', 'build', '--packages', 'jq', '--name', '../x'], /Expected up to 63 letters/],
  [['guest', 'build', '--packages', `a${'b'.repeat(70)}`], /give --name/],
  [['guest', 'rm', 'no-such-guest'], /there is no guest "no-such-guest".*see guest build/],
  [['run', '--guest', 'no-such-guest', '--', '/bin/ls'], /there is no guest "no-such-guest"/],
  [['run', '--guest', 'x', 'other.json', '/bin/ls'], /'other.json' says what the guest is/],
])('bad usage: %j', async (argv, message) => {
  const { exitCode, out, error } = await seeHere(folder.path, argv)
  expect([exitCode, out]).toEqual([1, ''])
  expect(error).toMatch(message)
})
