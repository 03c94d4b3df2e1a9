import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { TetheredProcess } from './tethered-process.ts'

/** A process that is dead and not yet buried does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('passes arguments on as they are, and reports how it ended', async () => {
  const process = await TetheredProcess.start(['printf', '%s', `two words; $(id) 'quoted' "*"`])
  expect(await text(process.stdout)).toBe(`two words; $(id) 'quoted' "*"`)
  expect(await process.ended).toBe('exit code 0')
  expect(process.isRunning).toBe(false)
})

test('keeps the end of what it said, and says it when it fails', async () => {
  const process = await TetheredProcess.start([
    'sh',
    '-c',
    'yes | head -c 100000 >&2; echo broken >&2; exit 3',
  ])
  process.stdout.resume()
  expect(await process.failure()).toMatchObject({
    code: 'TOOL_FAILED',
    message: expect.stringMatching(/^sh ended with exit code 3: .*broken"$/),
  })
  expect(process.stderr.length).toBe(4096)
})

test('is asked to stop, and killed with what it started when it does not', async () => {
  const stubborn = `trap '' TERM; sleep 60 & echo $!; wait; wait`
  const process = await TetheredProcess.start(['sh', '-c', stubborn])
  const [line] = (await once(process.stdout, 'data')) as [Buffer]
  await process.stop(100)
  expect(await process.ended).toBe('SIGKILL')
  await expect.poll(() => isAlive(Number(line))).toBe(false)
})

test('does not outlive this process, even when it is killed', async () => {
  const module = fileURLToPath(new URL('../../dist/processes/tethered-process.js', import.meta.url))
  const script = `
    import { TetheredProcess } from ${JSON.stringify(module)}
    const child = await TetheredProcess.start(['sh', '-c', 'echo $$; exec sleep 60'])
    child.stdout.pipe(process.stdout)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line)
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid)).toBe(false)
})
