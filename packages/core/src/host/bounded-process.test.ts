import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BoundedOptions, runBounded } from './bounded-process.ts'

const bounds: BoundedOptions = {
  stdin: '',
  timeoutMs: 10_000,
  maxOutputBytes: 10,
  env: { PATH: '/bin:/usr/bin' },
  signal: undefined,
}
const timedOut = () => new Error('too long')

function sh(script: string, options: Partial<BoundedOptions> = {}) {
  return runBounded(['/bin/sh', '-c', script], { ...bounds, ...options }, timedOut)
}

describe('a program', () => {
  test.each([
    ['printf 1234567890', '1234567890', false],
    ['printf 12345678901', '1234567890', true],
    ['printf 12345; sleep 0.05; printf 678901234', '1234567890', true],
  ])('%s brings back %s', async (script, stdout, truncated) => {
    expect(await sh(script)).toEqual({
      exitCode: 0,
      signal: null,
      stdout: Buffer.from(stdout),
      stderr: Buffer.alloc(0),
      truncated,
      lost: null,
    })
  })

  test('may leave its input unread, however much that is', async () => {
    const stdin = Buffer.alloc(1_000_000)
    expect(await sh('exec 0<&-; exit 3', { stdin })).toMatchObject({ exitCode: 3 })
  })

  test('is not waited for in the background', async () => {
    const { stdout } = await sh('sleep 3 & echo $!')
    expect(existsSync(`/proc/${Number(stdout.toString())}`)).toBe(true)
    process.kill(Number(stdout.toString()))
  })

  test.each([
    ['all of it', 100, 'early\nlate\n', false],
    ['what is kept', 8, 'early\nla', true],
  ])(
    'has what it left in the background print on, if that is wanted: %s',
    async (_what, maxOutputBytes, all, truncated) => {
      const folder = mkdtempSync(join(tmpdir(), 'see-late-'))
      try {
        let printed = ''
        const onOutput = (_stream: string, part: Buffer) => void (printed += part.toString())
        const script = `(while [ ! -e ${folder}/go ]; do sleep 0.1; done; echo late) & echo early`
        const { stdout, late } = await sh(script, { keepOutput: true, maxOutputBytes, onOutput })
        expect([stdout.toString(), await late?.isOpen()]).toEqual(['early\n', true])
        writeFileSync(join(folder, 'go'), '')
        await expect.poll(() => late?.isOpen()).toBe(false)
        expect([await late?.close(), printed]).toEqual([{ truncated, lost: null }, all])
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  test('sees the environment that it is given, and no other', async () => {
    const { stdout } = await sh('env | grep -vE "^(PWD|PATH|SHLVL|_)="', { env: { A: 'b', PATH: '/bin' } })
    expect(stdout.toString()).toBe('A=b\n')
  })

  test('that cannot be started says so', async () => {
    await expect(runBounded(['/nowhere'], bounds, timedOut)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test.each([
  ['a timeout', { timeoutMs: 100 }, 'too long'],
  ['an abort', { signal: AbortSignal.timeout(100) }, 'aborted'],
])('after %s the whole group is dead', async (_what, options, message) => {
  const marker = `${3000 + Math.floor(Math.random() * 1000)}.25`
  await expect(sh(`sleep ${marker} & sleep ${marker}`, options)).rejects.toThrow(message)
  await expect.poll(() => commandLines().filter((line) => line.includes(marker))).toEqual([])
})

function commandLines(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'latin1')] : []
    } catch {
      return []
    }
  })
}
