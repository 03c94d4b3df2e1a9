import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { processes } from './support/leftovers.ts'
import { startSee } from './support/see-command.ts'
import { TemplateFolder } from './support/template-guest.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

/** Loaded before the command: has it fail outside of every handler, or hear a second Ctrl-C before it has cleaned up. */
const PRELOADED = `
process.once('SIGUSR2', () => setImmediate(() => { throw new Error('out of nowhere') }))
process.once('SIGURG', () => void Promise.reject(new Error('not caught anywhere')))
if (process.env.SEE_TEST_TWICE === '1') process.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
`

let folder: TemplateFolder
let guests: string
let preloaded: string
beforeAll(() => {
  const tiny = tinyGuest()
  folder = new TemplateFolder()
  // Its guests are not those of other tests, which may build some meanwhile.
  guests = join(folder.path, 'guests')
  mkdirSync(guests)
  for (const path of [tiny, join(dirname(tiny), 'apt')]) {
    if (existsSync(path)) symlinkSync(path, join(guests, basename(path)))
  }
  preloaded = join(folder.path, 'preloaded.mjs')
  writeFileSync(preloaded, PRELOADED)
}, 120_000)
afterAll(() => folder[Symbol.dispose]())

const builds = [
  { what: 'template', argv: () => ['build', folder.resources(), 'ended'], at: /booting the guest/ },
  { what: 'guest', argv: () => ['build', '--packages', 'jq', '--name', 'see-test-ended'], at: /the guest: / },
]

const ends = [
  { how: 'Ctrl-C', signal: 'SIGINT', twice: '', exitCode: 130, says: /see: interrupted\n/ },
  { how: 'SIGTERM', signal: 'SIGTERM', twice: '', exitCode: 130, says: /see: interrupted by SIGTERM\n/ },
  { how: 'SIGHUP', signal: 'SIGHUP', twice: '', exitCode: 130, says: /see: interrupted by SIGHUP\n/ },
  { how: 'a second Ctrl-C', signal: 'SIGINT', twice: '1', exitCode: 130, says: /leaving immediately/ },
  { how: 'an uncaught error', signal: 'SIGUSR2', twice: '', exitCode: 3, says: /see: .*out of nowhere\n/ },
  { how: 'a rejection', signal: 'SIGURG', twice: '', exitCode: 3, says: /see: .*not caught anywhere\n/ },
] as const

const table = builds.flatMap((build) => ends.map((end) => ({ ...build, ...end })))

test.each(table)(
  'see $what build: $how ends it, and leaves nothing of it',
  { timeout: 120_000 },
  async (each) => {
    const { what, argv, at, signal, twice, exitCode, says } = each
    const env = { SEE_GUEST_CACHE: guests, SEE_TEST_TWICE: twice, NODE_OPTIONS: `--import=${preloaded}` }
    const build = startSee(folder.path, [what, ...argv()], { env })
    await build.said(at)
    build.child.kill(signal)
    const ended = await build.ended
    expect([ended.exitCode, ended.signal, ended.out]).toEqual([exitCode, null, ''])
    expect(ended.error).toMatch(says)
    // A second Ctrl-C leaves the rest to others, which take a moment.
    await expect.poll(left, { timeout: 30_000 }).toEqual([])
  },
)

/** What is there of the builds of this file. */
function left(): string[] {
  const templates = join(folder.path, 'templates')
  return [
    ...(existsSync(templates) ? readdirSync(templates) : []).filter((name) => !name.endsWith('.lock')),
    ...readdirSync(guests).filter((name) => /^\.with-packages-|see-test-ended/.test(name)),
    ...processes(({ commandLine }) => commandLine.includes(folder.path)).map(String),
  ]
}

test('Ctrl-C ends a removal that waits for a build of the same name', async () => {
  const store = temporaryFolder()
  mkdirSync(join(store, 'tiny'))
  const lock = spawn('flock', ['--no-fork', join(store, '.tiny.lock'), 'cat'], { stdio: 'pipe' })
  onTestFinished(() => void lock.kill('SIGKILL'))
  lock.stdin.write('locked\n')
  await once(lock.stdout, 'data')
  const env = { ...process.env, SEE_TEMPLATES: store }
  const removal = spawn(process.execPath, [see, 'template', 'rm', 'tiny'], { env, stdio: 'pipe' })
  let said = ''
  removal.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text))
  const ended = once(removal, 'close')
  await expect.poll(() => waitersFor(lock.pid), { interval: 20 }).toBe(1)
  removal.kill('SIGINT')
  expect(await ended).toEqual([130, null])
  expect(said).toMatch(/see: interrupted\n$/)
})

/** How many wait for the lock of a process, by the kernel's list. */
function waitersFor(pid: number | undefined): number {
  const [, inode] =
    new RegExp(`FLOCK +ADVISORY +WRITE ${pid} (\\S+) `).exec(readFileSync('/proc/locks', 'utf8')) ?? []
  const waiting = readFileSync('/proc/locks', 'utf8').matchAll(/-> FLOCK +ADVISORY +WRITE \d+ (\S+) /g)
  return [...waiting].filter(([, each]) => each === inode).length
}
