import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectSocket } from './connect-socket.ts'

/** Listens, and never accepts. */
const DEAF = `
require('node:net').createServer().listen(process.argv[1], () => {
  require('node:fs').writeSync(1, 'listening')
  for (;;);
})`

test('goes on when who listened ends before it accepted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-connect-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const deaf = spawn(process.execPath, ['-e', DEAF, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(deaf.stdout, 'data')
  const connecting = connectSocket(path, AbortSignal.timeout(20_000))
  // Before this process has heard that it is connected.
  deaf.kill('SIGKILL')
  execFileSync('sleep', ['0.5'])
  await once(deaf, 'exit')
  rmSync(path)
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  const socket = await connecting
  expect(socket.readyState).toBe('open')
  socket.destroy()
})
