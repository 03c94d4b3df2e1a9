import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** Answers whatever its monitor is asked by `{}`, but for the command that is its first argument: then it hangs up. */
const PROGRAM = `
const path = /socket,id=monitor,path=([^,]+)/.exec(process.argv.join(' '))[1]
require('node:net').createServer((socket) => {
  socket.on('error', () => undefined)
  socket.write('{"QMP": {}}\\n')
  let rest = ''
  socket.on('data', (text) => {
    const lines = (rest + text).split('\\n')
    rest = lines.pop()
    for (const { execute, id } of lines.map((line) => JSON.parse(line))) {
      const value = execute === 'query-status' ? { status: 'running' } : {}
      if (execute === HANGS_UP_AT) socket.end('{"return": {"stat')
      else socket.write(JSON.stringify({ return: value, id }) + '\\n')
    }
  })
}).listen(path)`

/** For the rest of the test, QEMU is a program that hangs up its monitor in the middle of a command, and goes on. */
export function fakeQemu({ hangsUpAt }: { readonly hangsUpAt: string }): void {
  const folder = mkdtempSync(join(tmpdir(), 'see-fake-qemu-'))
  // Sandboxes have users of their own.
  chmodSync(folder, 0o755)
  const source = PROGRAM.replace('HANGS_UP_AT', JSON.stringify(hangsUpAt))
  writeFileSync(join(folder, 'qemu-system-x86_64'), `#!${process.execPath}\n${source}`, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
}
