import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isStillLibvirts } from './still-libvirts.ts'

test('a first process is libvirt’s until it executes the init, and not when it has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-first-'))
  const program = join(folder, 'libvirt_lxc')
  // As libvirt's own does: it is that program until it is asked to become another.
  copyFileSync(realpathSync('/bin/sh'), program)
  const child = spawn(program, ['-c', 'echo; read -r _; exec sleep 60'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exit = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
    rmSync(folder, { recursive: true })
  })
  await once(child.stdout, 'data')
  const init = child.pid ?? 0
  expect(await isStillLibvirts(init)).toBe(true)
  child.stdin.end('\n')
  await expect.poll(() => isStillLibvirts(init), { timeout: 20_000 }).toBe(false)
  child.kill('SIGKILL')
  await exit
  expect(await isStillLibvirts(init)).toBe(false)
})
