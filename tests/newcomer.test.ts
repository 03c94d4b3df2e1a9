import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
const RUN_MS = 240_000
const folder = mkdtempSync(join(tmpdir(), 'see-newcomer-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SCRIPT = '#!/bin/sh\necho "hello $# $1"\n'
const HIDDEN = '#!/bin/sh\ncat "$(dirname "$0")/note"\nexit 4\n'

beforeAll(() => {
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hello.sh'), SCRIPT)
  writeFileSync(join(folder, 'hello.py'), 'print("hello")\n')
  writeFileSync(join(folder, 'paper.pdf'), '%PDF-1.7\nnothing\n')
  writeFileSync(join(folder, 'setup.exe'), `MZ${'\0'.repeat(62)}`)
  mkdirSync(join(folder, 'case/bin'), { recursive: true })
  writeFileSync(join(folder, 'case/bin/go'), HIDDEN)
  writeFileSync(join(folder, 'case/bin/note'), 'from the folder\n')
  // Too large for the agent.
  writeFileSync(join(folder, 'case/ballast.dat'), Buffer.alloc(2_000_000, 1))
  const password = ['-pinfected', '-mem=AES256']
  execFileSync('7z', ['a', '-bso0', '-bsp0', ...password, 'malware.zip', 'hello.sh'], { cwd: folder })
})

/** As the default protocol, but that it waits for the sample's end, however long that takes here. */
const PROTOCOL = `export const run = async (context, { sample, entry, command, arguments: words, timeoutMs, signal }) => {
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs, signal })
  await context.trigger('run_sample', { sample, entry, command, arguments: words })
  await context.poweroff()
}`

/** Runs `see run` as a newcomer does, with results that are looked at immediately. */
async function seeRun(argv: readonly string[], input = '') {
  const child = spawn(process.execPath, [see, 'run', '--json', ...argv], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (error += text))
  child.stdin.on('error', () => undefined).end(input)
  const exitCode = await new Promise((resolve) => void child.once('close', resolve))
  const report = JSON.parse(out)
  const [command] = report.commands
  return {
    exitCode,
    error,
    report,
    command,
    written: () => JSON.parse(readFileSync(join(report.results_folder, 'run.json'), 'utf8')),
  }
}

describe('in the tiny guest, without any file of configuration', { timeout: RUN_MS }, () => {
  beforeAll(() => void tinyGuest(), RUN_MS)

  // These two wait, for as long as a sample is given, more than they work.
  test.concurrent('/bin/ls of this host, with arguments, runs with its libraries', async () => {
    const { exitCode, command, report, written } = await seeRun(['--', '/bin/ls', '-d', '/proc'])
    expect(command).toMatchObject({ status: 'finished', exit_code: 0, stdout: '/proc\n', stderr: '' })
    expect(exitCode).toBe(0)
    expect(report.sample).toMatchObject({
      path: '/bin/ls',
      is: expect.stringMatching(/^ELF program for x86-64, .*libselinux\.so\.1/),
      arguments: ['-d', '/proc'],
    })
    expect(written()).toEqual(report)
  })

  test.concurrent('the script in a zip with the usual password', async () => {
    const { exitCode, command, report } = await seeRun(['malware.zip'])
    expect(command).toMatchObject({ status: 'finished', exit_code: 0, stdout: 'hello 0 \n' })
    expect(exitCode).toBe(0)
    expect(report.sample).toMatchObject({
      is: 'zip archive',
      entry: 'hello.sh',
      entry_is: 'script of /bin/sh',
    })
  })

  test.each([
    ['hello.py', /script of python3.*tiny guest has no python3.*--command/],
    ['paper.pdf', /PDF document.*needs a PDF viewer.*--command/],
    ['setup.exe', /Windows program.*needs Windows.*--command/],
    ['https://example.com/malware', /address.*download it first/],
  ])('%s is refused before anything is made, and what to do is said', async (sample, why) => {
    const { exitCode, report } = await seeRun(['--', sample])
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ ok: false, events: 0, results_folder: null })
    expect(report.error).toMatchObject({ code: 'SAMPLE_UNSUITABLE', message: expect.stringMatching(why) })
  })
})

describe('in a guest of which nothing is known before it runs', { timeout: RUN_MS }, () => {
  let clones = ''
  beforeAll(async () => void (clones = await sharedTemplate('embedded')), 150_000)

  const runClone = async (argv: readonly string[], input?: string) =>
    await seeRun(['--protocol', './protocol.mjs#run', clones, ...argv], input)

  test('/bin/ls of this host, by a command that begins with it', async () => {
    const { command } = await runClone([
      '--command',
      '{sample} -d /proc {sample} | head -n 1',
      '--',
      '/bin/ls',
    ])
    expect(command).toMatchObject({ status: 'finished', exit_code: 0, stdout: '/proc\n', stderr: '' })
    const loader = String.raw`/tmp/see-\w+/ld-linux-x86-64\.so\.2 --library-path /tmp/see-\w+`
    const path = String.raw`'(/tmp/see-\w+)'`
    expect(command.command).toMatch(new RegExp(String.raw`^${loader} ${path} -d /proc '\1' \| head`))
  })

  test('a shell script with arguments', async () => {
    const { exitCode, command } = await runClone(['hello.sh', '--', 'a word', '-l'])
    expect(command).toMatchObject({ exit_code: 0, stdout: 'hello 2 a word\n' })
    expect(exitCode).toBe(0)
  })

  test('text from standard input', async () => {
    const { command, report } = await runClone(['-'], 'echo "from input"; exit 5\n')
    expect(command).toMatchObject({ exit_code: 5, stdout: 'from input\n' })
    expect(report.sample).toMatchObject({ path: '-', is: 'text, which a shell runs' })
  })

  test('a folder: its one program, with what lies beside it', async () => {
    const { exitCode, command, report } = await runClone(['case'])
    expect(command).toMatchObject({ exit_code: 4, stdout: 'from the folder\n' })
    expect(exitCode).toBe(0)
    expect(report.sample).toMatchObject({ is: 'folder', entry: 'bin/go', sha256: null })
  })

  test('a folder for a command', async () => {
    const { command } = await runClone(['case', '--command', 'cd {sample} && ls bin && wc -c <ballast.dat'])
    expect(command).toMatchObject({ exit_code: 0, stdout: 'go\nnote\n2000000\n' })
  })

  test('a PDF for a command that opens it', async () => {
    const { exitCode, command } = await runClone(['paper.pdf', '--command', 'tail -n 1 {sample}'])
    expect([exitCode, command.stdout]).toEqual([0, 'nothing\n'])
  })

  test.each([
    ['Python', ['hello.py'], /script of python3, and the guest has no python3/],
    ['a PDF', ['paper.pdf'], /PDF document, and it needs a PDF viewer/],
    [
      'a command that is not there',
      ['hello.py', '--command', 'python3 {sample}'],
      /the guest has no python3/,
    ],
  ])('%s is not run, which is a failure that says why', async (_what, argv, why) => {
    const { exitCode, report, command } = await runClone([...argv])
    expect(exitCode).toBe(3)
    expect(command).toMatchObject({ status: 'failed', error: expect.stringMatching(why) })
    expect(report.failures).toMatchObject([{ event: 'run_sample', message: expect.stringMatching(why) }])
  })
})
