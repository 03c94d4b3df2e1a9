import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  type EmbeddedResources,
  embeddedFactory,
  Environment,
  type ExecOptions,
  type SeeContext,
} from '@see/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'

const GUEST_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'see-results-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => sharedTemplate('embedded'), 120_000)

type Guest = SeeContext<EmbeddedResources>

async function clone(
  hooks?: Parameters<typeof embeddedEnvironment>[1],
): Promise<Environment<EmbeddedResources>> {
  const environment = await embeddedEnvironment(embeddedGuest({ template: 'embedded' }), hooks)
  await environment.context.poweron()
  await environment.context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  return environment
}

async function run(context: Guest, script: string, options: ExecOptions = {}) {
  const result = await context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: 30_000, ...options })
  return { ...result, stdout: result.stdout.toString('latin1'), stderr: result.stderr.toString('latin1') }
}

/** Restarts the guest's agent with these options more. */
async function restartAgent(context: Guest, options: string): Promise<void> {
  const start = `qemu-ga --method virtio-serial --path /dev/virtio-ports/org.qemu.guest_agent.0 --statedir /run ${options}`
  const script = `sleep 0.3; killall start-agent qemu-ga; sleep 0.2; exec ${start}`
  await context.agent.writeFile('/root/restart', script)
  await run(context, 'setsid sh /root/restart </dev/null >/dev/null 2>&1 &')
  await sleep(1500)
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
}

const commandsHook = (results: string, configuration = {}) => ({
  configuration: { results_folder: results },
  hooks: [{ name: '@see/hooks#TimelineHook' }, { name: '@see/hooks#CommandsHook', configuration }],
})

function record(results: string, context: Guest, number = 1) {
  const base = join(results, `${context.identifier}_command_${number}`)
  return {
    ...JSON.parse(readFileSync(`${base}.json`, 'utf8')),
    stdout: existsSync(`${base}.stdout`) ? readFileSync(`${base}.stdout`, 'utf8') : null,
  }
}

describe('a guest that runs', { timeout: GUEST_MS }, () => {
  let environment: Environment<EmbeddedResources>
  let context: Guest

  beforeAll(async () => {
    environment = await Environment.allocate(embeddedFactory(embeddedGuest({ template: 'embedded' })))
    context = environment.context
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  }, GUEST_MS)
  afterAll(() => environment.deallocate(), GUEST_MS)

  const processes = async (pattern: string) => {
    const { stdout } = await run(context, `ps | grep '${pattern}' | grep -vc grep`)
    return Number(stdout)
  }

  test.each([
    ['its child', 'sleep 4301; true', '[4]301'],
    [
      'children in the background, with sessions of their own',
      'setsid sleep 4302 & (sleep 4302 &) ; sleep 4302; true',
      '[4]302',
    ],
    ['children of a leader that was killed', 'sh -c "sleep 4303 & sleep 4303"; true', '[4]303'],
  ])('a time-out ends a command with %s, and the agent goes on', async (_what, script, pattern) => {
    const slow = run(context, script, { timeoutMs: 1000 })
    await expect(slow).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    expect(await processes(pattern)).toBe(0)
  })

  test('what a command printed before its time-out came is brought back', async () => {
    let printed = ''
    const onOutput = (_stream: string, chunk: Buffer) => void (printed += chunk.toString())
    const slow = run(context, 'echo begin; sleep 4304; true', { timeoutMs: 1000, onOutput })
    await expect(slow).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    expect(printed).toBe('begin\n')
  })

  test('a command that wipes /tmp keeps its exit code and its output', async () => {
    const script = 'echo begin; rm -rf /tmp/.[!.]* /tmp/* /dev/shm/.[!.]* /run/.[!.]*; echo end; exit 7'
    expect(await run(context, script)).toMatchObject({ exitCode: 7, stdout: 'begin\nend\n', lost: null })
  })

  test('a command that cannot be started leaves nothing in the guest', async () => {
    const long = context.agent.exec(['echo', 'x'.repeat(300_000)])
    await expect(long).rejects.toMatchObject({ code: 'AGENT_COMMAND_FAILED' })
    expect(
      await run(context, 'ls -A /dev/shm /dev /run /tmp /var/tmp / 2>/dev/null | grep "^[.]see-"'),
    ).toMatchObject({
      exitCode: 1,
      stdout: '',
    })
  })

  test.each([
    ['is full', 'mount -t tmpfs -o size=16k small /tmp; head -c 16384 /dev/zero >/tmp/fill', 'umount /tmp'],
    ['is read-only', 'mount -t tmpfs -o ro none /tmp', 'umount /tmp'],
    ['is missing', 'mv /tmp /temporary', 'mv /temporary /tmp'],
    [
      'and all places in memory but /dev are full',
      'for at in /tmp /run /dev/shm /var/tmp; do mkdir -p $at; mount -t tmpfs -o size=16k small $at; head -c 16384 /dev/zero >$at/fill; done',
      'for at in /tmp /run /dev/shm /var/tmp; do umount -l $at; done',
    ],
  ])('where /tmp %s, output is collected elsewhere', async (_what, before, after) => {
    await run(context, before)
    const { exitCode, stdout, truncated, lost } = await run(context, 'yes | head -c 60000; exit 3')
    await run(context, after)
    expect({ exitCode, truncated, lost, bytes: stdout.length }).toEqual({
      exitCode: 3,
      truncated: false,
      lost: null,
      bytes: 60_000,
    })
  })

  test('where there is less room than a command prints, what is missing is said to be', async () => {
    await run(context, 'mount -t tmpfs -o size=64k small /dev/shm')
    const { exitCode, stdout, truncated, lost } = await run(context, 'yes | head -c 160000; exit 4')
    await run(context, 'umount -l /dev/shm')
    expect({ exitCode, truncated }).toEqual({ exitCode: 4, truncated: true })
    // One page is for the line with which the other file begins.
    expect(stdout.length).toBeGreaterThan(56 * 1024)
    expect(stdout.length).toBeLessThan(64 * 1024)
    expect(lost).toMatch(/no room/)
  })

  test('a command that empties its output while it runs loses nothing that was there before', async () => {
    let printed = ''
    const onOutput = (_stream: string, chunk: Buffer) => void (printed += chunk.toString())
    const wait = 'while [ ! -e /root/go ]; do sleep 0.1; done'
    const script = `echo something long; ${wait}; : >/proc/self/fd/1; echo end`
    const running = run(context, script, { onOutput })
    await expect.poll(() => printed, { timeout: 10_000 }).toBe('something long\n')
    await context.agent.writeFile('/root/go', '')
    const { lost } = await running
    expect(printed).toBe('something long\nend\n')
    expect(lost).toMatch(/emptied/)
  })

  test.each([
    ['its output', '/proc/self/fd/1', ['after\nend\n', 'before\nend\n']],
    ['its errors', '/proc/self/fd/2', ['before\nend\n', 'after\nend\n']],
  ])('a command that reopens %s within a moment is said to have emptied it', async (_what, path, printed) => {
    const script = `echo before; echo before >&2; echo after >${path}; echo end; echo end >&2`
    const { stdout, stderr, lost } = await run(context, script)
    expect([stdout, stderr, lost]).toEqual([...printed, expect.stringContaining('emptied')])
  })

  test('a program does not leave files of ours in the guest, and sees none', async () => {
    const find = 'find / -xdev -name ".see-*"; ls -A /dev/shm /run /tmp | grep see-[0-9a-f] || true'
    expect(await run(context, find)).toMatchObject({ stdout: '' })
  })

  test('a program that leaves a child in the background ends with its exit code', async () => {
    const started = performance.now()
    expect(await run(context, 'sleep 30 & echo now; exit 5')).toMatchObject({ exitCode: 5, stdout: 'now\n' })
    expect(performance.now() - started).toBeLessThan(10_000)
    await run(context, 'killall sleep')
  })
})

describe('an agent', { timeout: GUEST_MS }, () => {
  test('without guest-get-osinfo runs commands', async () => {
    const { context } = await clone()
    await restartAgent(context, '-b guest-get-osinfo')
    expect(await context.agent.isWindows()).toBe(false)
    expect(await run(context, 'echo $((6*7)); exit 3')).toMatchObject({ exitCode: 3, stdout: '42\n' })
  })

  test('whose guest-exec is disabled is said to be so', async () => {
    const { context } = await clone()
    await restartAgent(context, '-b guest-exec')
    await expect(run(context, 'true')).rejects.toMatchObject({
      code: 'AGENT_COMMAND_DISABLED',
      message: expect.stringMatching(/guest-exec: .*\/etc\/sysconfig\/qemu-ga/),
    })
  })

  test('whose file commands are disabled brings the output all the same', async () => {
    const { context } = await clone()
    await restartAgent(context, '-b guest-file-open')
    expect(await run(context, 'echo here; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: 'here\n',
      lost: null,
    })
  })
})

describe('results of a guest that ends', { timeout: GUEST_MS }, () => {
  const ends: [string, string, (environment: Environment<EmbeddedResources>) => Promise<void>][] = [
    ['is killed', 'sleep 600', async ({ context }) => await context.domain.qemu.kill()],
    ['is cut from its power', 'sleep 600', async ({ context }) => await context.poweroff()],
    ['is taken away', 'sleep 600', async (environment) => await environment.deallocate()],
    ['powers itself off', 'poweroff -f', async () => undefined],
    ['crashes', 'echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger', async () => undefined],
  ]

  test.each(ends)('by one that %s are kept up to that moment', async (_how, script, end) => {
    const results = join(folder, randomUUID())
    const environment = await clone(commandsHook(results))
    const { context } = environment
    const command = `echo "printed before"; sleep 2; ${script}`
    await context.trigger('run_command', { command, async_flag: true })
    await expect.poll(() => record(results, context).stdout, { timeout: 10_000 }).toBe('printed before\n')
    await sleep(1500)
    await end(environment)
    await context.settled()
    const kept = record(results, context)
    expect(kept).toMatchObject({ exit_code: null, stdout: 'printed before\n' })
    expect(context.warnings.map(({ code }) => code)).toContain('COMMAND_UNFINISHED')
  })

  const lateEnds: [string, string, (environment: Environment<EmbeddedResources>) => Promise<void>][] = [
    ['is cut from its power', 'sleep 600', async ({ context }) => await context.poweroff()],
    ['is killed', 'sleep 600', async ({ context }) => await context.domain.qemu.kill()],
    ['powers itself off', 'sleep 3; poweroff -f', async () => undefined],
  ]

  test.each(lateEnds)(
    'by one that %s: what a command left running printed is kept, and that it could print more is said',
    async (_how, script, end) => {
      const results = join(folder, randomUUID())
      const environment = await clone(commandsHook(results))
      const { context } = environment
      const wait = 'while [ ! -e /root/go ]; do sleep 0.1; done'
      await context.trigger('run_command', { command: `(${wait}; echo late; ${script}) & echo early` })
      const kept = () => record(results, context)
      expect(kept()).toMatchObject({ status: 'finished', exit_code: 0, stdout: 'early\n' })
      await context.agent.writeFile('/root/go', '')
      await expect.poll(kept, { timeout: 20_000 }).toMatchObject({ stdout: 'early\nlate\n' })
      await end(environment)
      await expect
        .poll(() => context.warnings, { timeout: 20_000 })
        .toMatchObject([{ code: 'OUTPUT_UNFINISHED', what: expect.stringContaining('echo late') }])
      expect(kept()).toMatchObject({ exit_code: 0, stdout: 'early\nlate\n', late_bytes: { stdout: 5 } })
    },
  )

  test('an exit code known at a shutdown is on record, however short the run', async () => {
    const results = join(folder, randomUUID())
    const { context } = await clone(commandsHook(results))
    await context.trigger('run_command', { command: 'echo done; exit 6', async_flag: true })
    await context.pause()
    await context.poweroff()
    await context.settled()
    expect(record(results, context)).toMatchObject({ status: 'finished', exit_code: 6, stdout: 'done\n' })
  })
})

describe('see run', { timeout: GUEST_MS }, () => {
  const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

  async function seeRun(...words: string[]) {
    const argv = [see, 'run', '--json', '--results', folder, await sharedTemplate('embedded'), ...words]
    const { stdout } = await promisify(execFile)('node', argv, { cwd: folder })
    return JSON.parse(stdout)
  }

  test('with a runtime of 0 has the exit code of a command that ended', async () => {
    const { ok, commands, warnings } = await seeRun('--runtime', '0', '--', '/bin/true')
    expect({ ok, commands, warnings }).toMatchObject({
      ok: true,
      commands: [{ status: 'finished', exit_code: 0 }],
      warnings: [],
    })
  })

  test('of a sample that never ends keeps what it printed until then, and warns', async () => {
    const sample = join(folder, 'endless.sh')
    writeFileSync(sample, '#!/bin/sh\nwhile :; do echo "still here"; sleep 0.2; done\n')
    const { commands, warnings } = await seeRun('--runtime', '6', sample)
    expect(commands).toMatchObject([{ status: 'running', exit_code: null }])
    expect(commands[0].stdout).toMatch(/^(still here\n){3}/)
    expect(warnings).toMatchObject([
      { code: 'COMMAND_UNFINISHED', limits: 'docs/limits.md#command_unfinished' },
    ])
  })
})
