import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startSee, writeEmbeddedResources } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

// It may have to be built first.
beforeAll(() => void tinyGuest(), 120_000)

/** Sets a title, clears the screen, turns the direction of writing, hides, and forges a line, in the names of files. */
const EVIL = 'a\u001b]0;pwned\u0007\u001b[2J\u009b31m\u202e\u2066\u200b\u0085\u2028\nsee: all is well'
/** What a terminal obeys, but for the line breaks and tabs that are ours. */
const OBEYED = /[^\P{C}\n\t]|[\u2028\u2029]/u

const HOOK = `
import { Hook } from '@see/core'
export class Speaks extends Hook {
  setup() {
    this.context.subscribe('go', ({ text }) => {
      this.logger.warn({ text }, 'a warning of ' + text)
      throw new Error('cannot take ' + text)
    })
  }
}
`
const PROTOCOL = `
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { evidenceWarning } from '@see/core'
export const speak = async (context, { sample, command, progress }) => {
  progress('running ' + sample)
  writeFileSync(join(dirname(sample), 'results', context.identifier, sample.slice(dirname(sample).length + 1)), '')
  await context.trigger('go', { text: sample + command })
  await context.warn({ code: 'X', what: sample, why: command, limits: null })
  throw new Error(command)
}
`

function prepare() {
  const folder = temporaryFolder()
  writeEmbeddedResources(folder)
  writeFileSync(join(folder, 'hook.mjs'), HOOK)
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hooks.json'), '{ "hooks": [{ "name": "./hook.mjs#Speaks" }] }')
  writeFileSync(join(folder, EVIL), '')
  const run = ['run', 'resources.json', join(folder, EVIL), '--command', EVIL, '--hooks', 'hooks.json']
  return { folder, run: [...run, '--protocol', './protocol.mjs#speak'] }
}

/** No line that the name could forge begins as a line of ours. */
function expectHarmless(text: string): void {
  expect(OBEYED.exec(text)?.[0]).toBeUndefined()
  expect(text).not.toMatch(/^see: all is well/m)
}

test.each([
  ['for people', [], {}],
  ['as JSON', ['--json'], {}],
  ['with the log', [], { SEE_LOG: 'debug' }],
])('names and texts with escape sequences are shown and not obeyed, %s', async (_what, more, env) => {
  const { folder, run } = prepare()
  const { exitCode, out, error } = await startSee(folder, [...run, ...more], { env }).ended
  expect(exitCode).toBe(2)
  expectHarmless(out)
  expectHarmless(error)
  expect(error).toContain('u{1b}')
  const [identifier = ''] = readdirSync(join(folder, 'results'))
  const report = readFileSync(join(folder, 'results', identifier, 'run.json'), 'utf8')
  expectHarmless(report)
  // Who reads it as JSON gets the names as they are.
  expect(JSON.parse(report)).toMatchObject({ error: { message: EVIL }, warnings: [{ why: EVIL }] })
  expect(JSON.parse(report).files).toContainEqual({ path: EVIL, bytes: 0 })
  if (more.length > 0) expect(JSON.parse(out)).toEqual(JSON.parse(report))
})

test.each([
  ['a sample that is missing', ['run', 'resources.json', `x${EVIL}`]],
  ['a resources file that is missing', ['run', `${EVIL}.json`, 'hook.mjs']],
  ['a hooks file that is missing', ['run', 'resources.json', 'hook.mjs', '--hooks', EVIL]],
  ['a protocol that is missing', ['run', 'resources.json', '--protocol', EVIL]],
  ['an option that is unknown', ['run', `--${EVIL}`]],
  ['a command that is unknown', [EVIL]],
  ['a number that is none', ['run', 'hook.mjs', '--runtime', EVIL]],
  ['a template of an impossible name', ['template', 'info', EVIL]],
  ['a template to be removed', ['template', 'rm', EVIL]],
  ['a template to be built', ['template', 'build', 'resources.json', EVIL]],
  ['a template of a file that is missing', ['template', 'build', `${EVIL}.json`, 'x', '--json']],
] as const)('nothing of it is obeyed in the error for %s', async (_what, argv) => {
  const { folder } = prepare()
  const { exitCode, out, error } = await startSee(folder, argv).ended
  expect(exitCode).toBe(1)
  expectHarmless(out)
  expectHarmless(error)
})

test('in the folder of the templates, and in what programs of the host say', async () => {
  const { folder } = prepare()
  const templates = join(folder, `templates-${EVIL}`)
  for (const argv of [
    ['template', 'ls'],
    ['template', 'ls', '--json'],
    ['template', 'info', 'x'],
  ]) {
    const { out, error } = await startSee(folder, argv, { env: { SEE_TEMPLATES: templates } }).ended
    expectHarmless(out)
    expectHarmless(error)
  }
  const programs = join(folder, 'bin')
  mkdirSync(programs)
  writeFileSync(join(programs, 'qemu-img'), `#!/bin/sh\nprintf '\\033]0;pwned\\007\\342\\200\\256'\n`)
  chmodSync(join(programs, 'qemu-img'), 0o755)
  const { out } = await startSee(folder, ['check'], { env: { PATH: programs } }).ended
  expect(out).toContain('u{1b}]0;pwned')
  expectHarmless(out)
})

test('beside a spinner', async () => {
  const { folder, run } = prepare()
  const quoted = [process.execPath, new URL('../packages/cli/dist/see.js', import.meta.url).pathname, ...run]
    .map((word) => `'${word}'`)
    .join(' ')
  writeFileSync(join(folder, 'run.sh'), `stty cols 80\n${quoted}\n`)
  const terminal = spawn('script', ['-qc', 'sh run.sh', '/dev/null'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  let said = ''
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text))
  await new Promise((resolve) => terminal.once('close', resolve))
  expect(said).toContain('u{1b}]0;pwned')
  for (const obeyed of ['\u001b]0;', '\u202e', '\u009b', '\u0007']) expect(said).not.toContain(obeyed)
})
