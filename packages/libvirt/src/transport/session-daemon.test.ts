import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spawnSessionDaemon } from './session-daemon.ts'

const NOBODY = 65_534
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'see-session-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

// In a process of its own, since the daemon must not run as root; it needs the built package.
const SCRIPT = `
  const { Hypervisor } = await import(process.argv[1])
  const both = await Promise.all([Hypervisor.open('qemu:///session'), Hypervisor.open('qemu:///session')])
  console.log(await both[0].getType(), (await both[1].listAllDomains()).length)
  for (const each of both) await each.close()
`

test('qemu:///session starts the daemon of a user who has none', { timeout: 30_000 }, () => {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  const runtime = join(folder, 'runtime')
  const built = new URL('../../dist/index.js', import.meta.url)
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT, built.href], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: `${process.env['PATH']}:/usr/sbin`,
      HOME: folder,
      XDG_RUNTIME_DIR: runtime,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  })
  const pidFile = join(runtime, 'libvirt', 'libvirtd.pid')
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined
  const environment = readFileSync(`/proc/${pid ?? 'self'}/environ`, 'utf8')
  if (pid !== undefined) process.kill(pid)
  expect(stderr).toBe('')
  expect(environment).toContain(`XDG_CONFIG_HOME=${join(folder, 'config')}`)
  expect(environment).not.toContain('AWS_SECRET_ACCESS_KEY')
  expect(stdout).toBe('QEMU 0\n')
  expect(readdirSync(join(runtime, 'libvirt')).filter((file) => file.includes('lock'))).toEqual([])
})

function listen(path: string): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.listen(path, () =>
      resolve({ [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) }),
    )
  })
}

function tryConnect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket))
    socket.once('error', reject)
  })
}

test('another process that is starting it is waited for, and its lock is left alone', async () => {
  const path = join(folder, 'libvirt-sock')
  const lock = `${path}.see-lock`
  writeFileSync(lock, String(process.pid))
  const starting = spawnSessionDaemon(path, () => tryConnect(path))
  await using _ = await listen(path)
  const socket = await starting
  socket.destroy()
  expect(readFileSync(lock, 'utf8')).toBe(String(process.pid))
})

test('a signal ends the wait', async () => {
  mkdirSync(join(folder, 'x'))
  const path = join(folder, 'x', 'libvirt-sock')
  writeFileSync(`${path}.see-lock`, String(process.pid))
  const signal = AbortSignal.timeout(50)
  await expect(spawnSessionDaemon(path, () => tryConnect(path), signal)).rejects.toThrow()
  expect(signal.aborted).toBe(true)
})
