import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startSee, writeEmbeddedResources } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

// It may have to be built first.
beforeAll(() => void tinyGuest(), 120_000)

interface Report {
  readonly exit_code: number
  readonly error: { readonly code: string | null; readonly message: string; readonly errors?: unknown[] }
  readonly failures: readonly { readonly event: string; readonly handler: string; readonly message: string }[]
}

const PROTOCOL = `
export const wait = async (context, { progress, signal }) => {
  progress('ready')
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
export const deaf = async (context, { progress }) => {
  progress('ready')
  await new Promise(() => undefined)
}
export const once = async (context, { progress }) => {
  await context.trigger('go')
  progress('over')
}
export const fire = (context, parameters) => {
  setTimeout(() => context.trigger('go'), 10)
  return wait(context, parameters)
}
`

const HOOK = `
import { execFileSync } from 'node:child_process'
import { Hook } from '@see/core'
class Marking extends Hook {
  cleanup() { process.stderr.write('hook cleaned up\\n') }
}
export class Quiet extends Marking { setup() {} }
export class Throws extends Marking {
  setup() { this.context.subscribeAsync('go', () => void setTimeout(() => { throw new Error('out of nowhere') }, 50)) }
}
export class Rejects extends Marking {
  setup() { this.context.subscribe('go', () => void Promise.reject(new Error('not caught anywhere'))) }
}
export class Exits extends Marking {
  setup() { this.context.subscribe('go', function leave() { process.exit(0) }) }
}
export class FiresItself extends Marking {
  setup() {
    const { context } = this
    context.subscribe('go', function again() { return context.trigger('go') })
  }
}
export class FiresItselfTwice extends Marking {
  setup() {
    const { context } = this
    context.subscribe('go', function again() { context.trigger('go'); context.trigger('go') })
  }
}
export class FiresInACircle extends Marking {
  setup() {
    const { context } = this
    context.subscribe('go', function there() { return context.trigger('gone') })
    context.subscribe('gone', async function back() { await context.trigger('go') })
  }
}
export class Storms extends Marking {
  setup() {
    const { context } = this
    context.subscribeAsync('go', async function storm() { await null; await context.trigger('go') })
  }
}
export class DoublesStorms extends Marking {
  setup() {
    const { context } = this
    context.subscribeAsync('go', function storm() { context.trigger('go'); context.trigger('go') })
  }
}
export class HangsInSetup extends Marking {
  async setup() { process.stderr.write('setting up\\n'); await new Promise(() => undefined) }
}
export class HangsInCleanup extends Hook {
  setup() {}
  async cleanup() { process.stderr.write('hook cleans up\\n'); await new Promise(() => undefined) }
}
export class LoopsLater extends Marking {
  setup() { this.context.subscribeAsync('go', async function spin() { await null; for (;;) {} }) }
}
export class LoopsInSetup extends Hook { setup() { for (;;) {} } }
export class Matches extends Marking {
  setup() { this.context.subscribe('go', function match() { /^(a+)+$/.test('a'.repeat(40) + 'b') }) }
}
export class LoopsInCleanup extends Hook {
  setup() { this.context.signal.addEventListener('abort', () => process.stderr.write('hook cleaned up\\n')) }
  cleanup() { for (;;) {} }
}
export class Calls extends Marking {
  setup() { this.context.subscribe('go', function call() { execFileSync('sleep', ['60']) }) }
}
`

/** A run of an embedded guest that is not powered on, with one hook and one function of the protocol. */
function startRun(hook: string, protocol: string, ...argv: string[]) {
  const folder = temporaryFolder()
  const resources = writeEmbeddedResources(folder)
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hook.mjs'), HOOK)
  writeFileSync(
    join(folder, 'hooks.json'),
    JSON.stringify({ hooks: [{ name: '@see/hooks#TimelineHook' }, { name: `./hook.mjs#${hook}` }] }),
  )
  const words = [
    'run',
    resources,
    '--hooks',
    'hooks.json',
    '--protocol',
    `./protocol.mjs#${protocol}`,
    ...argv,
  ]
  const instances = () => {
    const path = join(folder, 'instances')
    return existsSync(path) ? readdirSync(path).filter((name) => /^[0-9a-f-]{36}$/.test(name)) : []
  }
  const report = (): Report => {
    const [identifier = ''] = readdirSync(join(folder, 'results'))
    return JSON.parse(readFileSync(join(folder, 'results', identifier, 'run.json'), 'utf8')) as Report
  }
  return { folder, words, instances, report }
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
  '%s: cleaned up, reported, exit code 130',
  async (signal) => {
    const { folder, words, instances, report } = startRun('Quiet', 'wait')
    const see = startSee(folder, words)
    await see.said(/ready/)
    expect(instances()).toHaveLength(1)
    see.child.kill(signal)
    const ended = await see.ended
    expect([ended.exitCode, ended.signal]).toEqual([130, null])
    expect(ended.error).toContain('hook cleaned up')
    expect(instances()).toEqual([])
    const message = signal === 'SIGINT' ? 'interrupted' : `interrupted by ${signal}`
    expect(report()).toMatchObject({ exit_code: 130, error: { code: null, message } })
  },
)

test('a terminal that closes: cleaned up and reported, though nothing can be written any more', async () => {
  const { folder, words, instances, report } = startRun('Quiet', 'wait')
  // script(1) is the terminal; killed outright, it hangs up as a closed window does.
  const see = new URL('../packages/cli/dist/see.js', import.meta.url).pathname
  const line = `stty cols 80; echo pid $$; exec ${[process.execPath, see, ...words].join(' ')}`
  const terminal = spawn('script', ['-qc', line, '/dev/null'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  let said = ''
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text))
  await expect.poll(() => said, { timeout: 15_000 }).toMatch(/ready/)
  const pid = Number(/pid (\d+)/.exec(said)?.[1])
  expect(instances()).toHaveLength(1)
  terminal.kill('SIGKILL')
  await expect.poll(() => existsSync(`/proc/${pid}/cwd`), { timeout: 15_000 }).toBe(false)
  expect(instances()).toEqual([])
  expect(report()).toMatchObject({ exit_code: 130, error: { message: 'interrupted by SIGHUP' } })
})

test.each([
  ['an exception outside of a handler', 'Throws', 'fire', 'UNCAUGHT_ERROR', 'out of nowhere'],
  ['a rejection that is not handled', 'Rejects', 'fire', 'UNCAUGHT_ERROR', 'not caught anywhere'],
  ['process.exit in a handler', 'Exits', 'fire', 'PROCESS_EXIT', './hook.mjs#Exits called process.exit(0)'],
])('%s: cleaned up, reported, exit code 3', async (_what, hook, protocol, code, message) => {
  const { folder, words, instances, report } = startRun(hook, protocol)
  const see = startSee(folder, words)
  const { exitCode, error } = await see.ended
  expect(exitCode).toBe(3)
  expect(error).toContain('hook cleaned up')
  expect(error).toContain(message)
  expect(instances()).toEqual([])
  expect(report()).toMatchObject({ exit_code: 3, error: { code, message: expect.stringContaining(message) } })
})

test.each([
  ['a protocol that waits for nothing that can happen', 'Quiet', /ready/],
  ['the set-up of a hook', 'HangsInSetup', /setting up/],
  ['the clean-up of a hook', 'HangsInCleanup', /ready/],
])('a second Ctrl-C exits immediately, whatever %s does', async (_what, hook, at) => {
  const { folder, words, instances } = startRun(hook, 'deaf')
  const see = startSee(folder, words)
  await see.said(at)
  expect(instances()).toHaveLength(1)
  see.child.kill('SIGINT')
  await see.said(/interrupted: cleaning up/)
  const start = performance.now()
  see.child.kill('SIGINT')
  const { exitCode, error } = await see.ended
  expect(exitCode).toBe(130)
  expect(error).toContain('leaving immediately')
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a run whose protocol and clean-ups hang ends ten seconds after its deadline, and reports it', async () => {
  const { folder, words, instances, report } = startRun('HangsInCleanup', 'deaf', '--deadline', '2')
  const start = performance.now()
  const { exitCode, error } = await startSee(folder, words).ended
  expect(performance.now() - start).toBeLessThan(12_000)
  expect(exitCode).toBe(4)
  expect(error).toContain('the run reached its deadline, 2000 ms after it began')
  expect(instances()).toEqual([])
  expect(report().exit_code).toBe(4)
  expect(JSON.stringify(report().error)).toContain('"code":"DEADLINE_REACHED"')
})

test.each([
  [
    'an asynchronous handler',
    'LoopsLater',
    'LoopsLater.spin for "go" kept the process busy for 1 s, in spin',
  ],
  ['a regular expression', 'Matches', 'Matches.match for "go" kept the process busy for 1 s, in RegExp.test'],
  ['a clean-up', 'LoopsInCleanup', 'LoopsInCleanup kept the process busy for 1 s, in LoopsInCleanup.cleanup'],
])('a loop in %s is broken off: cleaned up, reported, exit code 3', async (_what, hook, message) => {
  const { folder, words, instances, report } = startRun(hook, 'once', '--loop-timeout', '1')
  const { exitCode, error } = await startSee(folder, words).ended
  expect(exitCode).toBe(3)
  expect(error).toContain('hook cleaned up')
  expect(instances()).toEqual([])
  expect(JSON.stringify(report().error)).toContain('"code":"EVENT_LOOP_BLOCKED"')
  expect(error).toContain(message)
})

test('a loop in a set-up is broken off, and named once', async () => {
  const { folder, words, instances, report } = startRun('LoopsInSetup', 'once', '--loop-timeout', '1')
  const { exitCode, error } = await startSee(folder, words).ended
  expect(exitCode).toBe(3)
  expect(instances()).toEqual([])
  expect(error.split('\nsee: ')[1]).toMatch(
    /^\S+LoopsInSetup kept the process busy for 1 s, in LoopsInSetup.setup \(\S+\)\n +the set-up of hooks took too long[^\n]*\n$/,
  )
  expect(report().error.errors).toMatchObject([{ code: 'EVENT_LOOP_BLOCKED' }, { code: 'RELEASE_TIMEOUT' }])
})

test('a call that does not return cannot be broken off: the process is killed, and reported', async () => {
  const { folder, words, report } = startRun('Calls', 'once', '--loop-timeout', '1')
  const { signal, error } = await startSee(folder, words).ended
  expect(signal).toBe('SIGKILL')
  expect(error).toContain('it cannot be broken off, and the process is killed')
  const message = './hook.mjs#Calls.call for "go" kept the process busy for 1 s'
  expect(report()).toMatchObject({ exit_code: 3, error: { code: 'EVENT_LOOP_BLOCKED', message } })
})

test.each([
  ['itself', 'FiresItself', 'again', 'go → go'],
  ['itself twice, without waiting', 'FiresItselfTwice', 'again', 'go → go'],
  ['another whose handler fires it', 'FiresInACircle', 'back', 'go → gone → go'],
])(
  'a hook whose handler fires %s: the handler and the event are named, everything is cleaned up',
  async (_what, hook, handler, chain) => {
    const { folder, words, instances, report } = startRun(hook, 'once')
    const { exitCode, error } = await startSee(folder, words).ended
    expect(exitCode).toBe(3)
    expect(error).toMatch(/over[^]*hook cleaned up/)
    expect(instances()).toEqual([])
    const { failures } = report()
    expect(failures).toHaveLength(1)
    expect(failures[0]?.handler).toBe(`./hook.mjs#${hook}.${handler}`)
    expect(failures[0]?.message).toContain(
      `${hook}.${handler} fires "${chain.split(' → ').at(-1)}" inside itself without end (${chain})`,
    )
  },
)

test('Ctrl-C is heard in a storm of events', async () => {
  const { folder, words } = startRun('Storms', 'fire')
  const see = startSee(folder, words)
  await see.said(/ready/)
  await sleep(500)
  see.child.kill('SIGINT')
  await see.said(/interrupted: cleaning up/)
  see.child.kill('SIGINT')
  expect((await see.ended).exitCode).toBe(130)
})

test.each(['Storms', 'DoublesStorms'])(
  'a storm of events (%s) ends at the deadline, and is cleaned up',
  async (hook) => {
    const { folder, words, instances, report } = startRun(hook, 'fire', '--deadline', '2')
    const { exitCode, error } = await startSee(folder, words).ended
    expect(exitCode).toBe(4)
    expect(error).toContain('hook cleaned up')
    expect(instances()).toEqual([])
    expect(report().exit_code).toBe(4)
  },
)
