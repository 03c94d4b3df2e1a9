import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './support/temporary-folder.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

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
