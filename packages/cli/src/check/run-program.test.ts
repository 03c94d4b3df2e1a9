import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const { signal } = new AbortController()

test('gives back what a program says and how it ends', async () => {
  const argv = ['-c', 'echo out; echo err >&2; exit 3']
  expect(await runProgram('sh', argv, { timeoutMs: 5000, signal })).toEqual({
    exitCode: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  })
})

test('says that a program is missing', async () => {
  const { exitCode, stderr } = await runProgram('no-such-program', [], { timeoutMs: 5000, signal })
  expect(exitCode).toBeNull()
  expect(stderr).toContain('ENOENT')
})

test('kills a program after its time', async () => {
  const { exitCode, stdout, stderr } = await runProgram('sh', ['-c', 'echo $$; exec sleep 60'], {
    timeoutMs: 200,
    signal,
  })
  expect({ exitCode, stderr }).toEqual({ exitCode: null, stderr: 'killed after 200 ms' })
  expect(() => process.kill(Number(stdout), 0)).toThrow('ESRCH')
})

test('kills a program once it has said what was waited for', async () => {
  const start = performance.now()
  const options = { timeoutMs: 10_000, signal, until: /ready/ }
  const { exitCode, stdout } = await runProgram('sh', ['-c', 'echo ready; exec sleep 60'], options)
  expect({ exitCode, stdout }).toEqual({ exitCode: null, stdout: 'ready\n' })
  expect(performance.now() - start).toBeLessThan(5000)
})

test('keeps only so much of what a program says', async () => {
  const { stdout } = await runProgram('head', ['-c', '5000000', '/dev/zero'], { timeoutMs: 5000, signal })
  expect(stdout.length).toBe(256 * 1024)
})
