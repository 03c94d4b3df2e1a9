import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SeeError } from '@see/core'
import { expect, test } from 'vitest'
import { type ConfinedOptions, type ConfinedResult, runConfined } from './confined-command.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const MIB = 1024 * 1024
const never = new AbortController().signal

function sh(script: string, options: Partial<ConfinedOptions> = {}): Promise<ConfinedResult> {
  const bounds = { timeoutMs: 10_000, memoryBytes: 300 * MIB, outputBytes: MIB, signal: never }
  return runConfined(['sh', '-c', script], { ...bounds, ...options })
}

/** A number that no other process has in its command line, to look for what was left. */
const mark = (): string => `${Math.floor(10_000 + Math.random() * 1e6)}.${process.pid}`

function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)
    } catch {
      return false
    }
  })
}

test('returns what a command says, and how it ends', async () => {
  const result = await sh('echo out; echo err >&2; exit 7')
  expect(result).toMatchObject({ exitCode: 7, exceeded: null })
  expect([String(result.stdout), String(result.stderr)]).toEqual(['out\n', 'err\n'])
  expect(await sh('kill -9 $$')).toMatchObject({ exitCode: 137 })
})

test('gives arguments on as they are', async () => {
  const argv = ['printf', '%s|', '$(id)', "two words'", '*', ''] as const
  const options = { timeoutMs: 10_000, memoryBytes: 300 * MIB, outputBytes: MIB, signal: never }
  expect(String((await runConfined(argv, options)).stdout)).toBe("$(id)|two words'|*||")
})

test('runs as an unprivileged user, without a capability over the host and unable to make namespaces', async () => {
  const { stdout, stderr } = await sh('id -u; grep NoNewPrivs /proc/self/status; unshare -U true; echo $?')
  const uid = process.getuid?.() === 0 ? 65_534 : process.getuid?.()
  expect(String(stdout)).toBe(`${uid}\nNoNewPrivs:\t1\n1\n`)
  expect(String(stderr)).toContain('unshare failed')
})

test('reaches no network: not the host’s loopback, and there is no other interface', async () => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const connect = `exec 9<>/dev/tcp/127.0.0.1/${port} && echo reached`
  expect(execFileSync('bash', ['-c', connect], { encoding: 'utf8', timeout: 5000 })).toBe('reached\n')
  const options = { timeoutMs: 10_000, memoryBytes: 300 * MIB, outputBytes: MIB, signal: never }
  const { exitCode, stdout, stderr } = await runConfined(['bash', '-c', connect], options)
  expect([exitCode, String(stdout)]).toEqual([1, ''])
  expect(String(stderr)).toMatch(/refused|unreachable/)
  expect(String((await sh('tail -n +3 /proc/net/dev')).stdout)).toMatch(/^\s*lo:[^\n]*\n$/)
  await new Promise((resolve) => server.close(resolve))
})

test('reads the evidence, though it be closed to others, and nothing beside it', async () => {
  await using temporary = await temporaryFolder()
  const [evidence, secret] = [join(temporary.path, 'evidence'), join(temporary.path, 'secret')]
  await writeFile(evidence, 'the evidence', { mode: 0o600 })
  await writeFile(secret, 'the secret', { mode: 0o644 })
  await chmod(temporary.path, 0o700)
  const script = `cat ${evidence}; cat ${secret} /etc/passwd /etc/shadow /proc/${process.pid}/environ; ls ${temporary.path} / /root /home; env`
  const { stdout, stderr } = await sh(script, { readable: [evidence] })
  expect(String(stdout)).toMatch(/^the evidence\/:\nbin\ndev\netc\n/)
  expect(String(stdout)).not.toMatch(/the secret|root|npm_/)
  for (const path of [secret, '/etc/passwd', '/etc/shadow', '/root', '/home']) {
    expect(String(stderr)).toContain(path)
  }
})

test('writes its folder only, and that is the caller’s afterwards, without links and set-id bits', async () => {
  await using temporary = await temporaryFolder()
  const [evidence, output] = [join(temporary.path, 'evidence'), join(temporary.path, 'output')]
  await writeFile(evidence, 'the evidence', { mode: 0o666 })
  await mkdir(output, { mode: 0o700 })
  const { stdout } = await sh(
    `for path in ${evidence} /x /usr/x /etc/x /dev/x /proc/sys/kernel/core_pattern /sys/x ${temporary.path}/x; do
      (echo changed >$path) 2>/dev/null && echo wrote $path
    done
    mkdir -m 0 closed; mkdir deep; echo result >deep/file; chmod 4777 deep/file
    ln -s /etc/passwd link; mkfifo pipe; mkdir -p $(yes d | head -n 60 | tr '\\n' /)`,
    { readable: [evidence], writable: output },
  )
  // The files beside the evidence are in memory, and the command's own without root: the folder itself is looked at
  // below.
  expect(String(stdout).replace(`wrote ${temporary.path}/x\n`, '')).toBe('')
  expect(await readFile(evidence, 'utf8')).toBe('the evidence')
  expect(await readdir(temporary.path)).toEqual(['evidence', 'output'])
  expect((await readdir(output)).toSorted()).toEqual(['closed', 'd', 'deep'])
  const result = await stat(join(output, 'deep', 'file'))
  expect([result.mode & 0o7777, result.uid]).toEqual([0o600, process.getuid?.()])
})

test('a run without end is ended, with all that it left in the background', async () => {
  const word = mark()
  const script = `(setsid sleep ${word} >/dev/null 2>&1 </dev/null &); sleep ${word}`
  const result = await sh(script, { timeoutMs: 500 })
  expect(result).toMatchObject({ exitCode: null, exceeded: 'time' })
  expect(result.durationMs).toBeLessThan(3000)
  expect(processesWith(word)).toEqual([])
})

test('nothing that was put into the background survives the end of a command', async () => {
  const word = mark()
  const script = `(setsid sleep ${word} >/dev/null 2>&1 </dev/null &); exit 0`
  expect(await sh(script)).toMatchObject({ exitCode: 0 })
  expect(processesWith(word)).toEqual([])
})

test.each([0, 1, 5, 10, 20, 40])(
  'an abort after %i ms leaves nothing, at whatever moment',
  async (delayMs) => {
    const word = mark()
    const signal = AbortSignal.timeout(delayMs)
    await expect(sh(`sleep ${word}`, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(processesWith(word)).toEqual([])
  },
)

test('dies with its parent', async () => {
  const word = mark()
  const module = fileURLToPath(new URL('../../dist/confinement/confined-command.js', import.meta.url))
  const script = `import { runConfined } from ${JSON.stringify(module)}
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500)
    const bounds = { timeoutMs: 60000, memoryBytes: 3e8, outputBytes: 1e6, signal: new AbortController().signal }
    await runConfined(['sleep', '${word}'], bounds)`
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script])).toThrow()
  await expect.poll(() => processesWith(word)).toEqual([])
})

test('a fork bomb fills its own few places', async () => {
  const word = mark()
  const result = await sh(`bomb() { bomb | bomb & }; bomb; sleep ${word}`, { timeoutMs: 1000 })
  expect(result).toMatchObject({ exceeded: 'time' })
  expect(String(result.stderr)).toContain('Cannot fork')
  expect(processesWith(word)).toEqual([])
})

test('memory is bounded: of one process, of all together, and of /tmp', async () => {
  const memoryBytes = 100 * MIB
  const one = await sh('head -c 200000000 /dev/zero | tail -c 190000000 | wc -c', { memoryBytes })
  expect(String(one.stderr)).toMatch(/memory exhausted|Cannot allocate/i)
  const hog = '(head -c 60000000 /dev/zero; sleep 60) | tail -c 50000000 &'
  expect(await sh(`${hog.repeat(4)} wait`, { memoryBytes })).toMatchObject({ exceeded: 'memory' })
  const full = await sh('cat /dev/zero >/tmp/x', { memoryBytes, outputBytes: 1000 * MIB })
  expect(String(full.stderr)).toContain('No space left')
})

test('output is bounded: of a stream, of a file, and of all files', async () => {
  await using temporary = await temporaryFolder()
  const endless = await sh('yes')
  expect(endless).toMatchObject({ exitCode: null, exceeded: 'output' })
  expect(endless.stdout).toHaveLength(MIB)
  const writable = temporary.path
  expect(await sh('exec cat /dev/zero >file', { writable })).toMatchObject({ exitCode: 153 })
  expect((await stat(join(writable, 'file'))).size).toBe(MIB)
  expect(await sh('cp file file2; sleep 60', { writable })).toMatchObject({ exceeded: 'output' })
})

test('names evidence that is not there', async () => {
  await using temporary = await temporaryFolder()
  const missing = join(temporary.path, 'missing')
  await symlink('nowhere', missing)
  const run = sh('true', { readable: [missing] })
  await expect(run).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  await expect(run).rejects.toBeInstanceOf(SeeError)
})

test('says which package to install where bubblewrap is missing', async () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    await expect(sh('true')).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('apt-get install bubblewrap'),
    })
  } finally {
    process.env['PATH'] = path
  }
})

function refuse(): never {
  throw new Error('no more')
}

test('gives the output away as it comes, and ends a command whose output is refused', async () => {
  const parts: string[] = []
  const onStdout = (part: Buffer) => void parts.push(part.toString())
  const { exitCode, stdout } = await sh('echo one; echo two', { onStdout })
  expect([exitCode, parts.join(''), stdout.length]).toEqual([0, 'one\ntwo\n', 0])
  await expect(sh('yes', { onStdout: refuse })).rejects.toThrow('no more')
})
