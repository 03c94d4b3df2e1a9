import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runConfined } from '../confinement/confined-command.ts'
import { RawDisks } from './raw-disks.ts'
import { quietly } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const never = new AbortController().signal
const bounds = { timeoutMs: 20_000, memoryBytes: 2 ** 30, outputBytes: 2 ** 20, signal: never }

/** An image with a comma and a space in its name, over a raw one that could be taken for one of qcow2. */
function overlay(folder: string): { path: string; raw: string; content: Buffer } {
  const raw = join(folder, 'a raw, image')
  const content = Buffer.alloc(1024 * 1024, 'content')
  content.write('QFI\xfb', 0, 'latin1')
  writeFileSync(raw, content)
  const path = join(folder, 'an, overlay')
  quietly('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', path)
  return { path, raw, content }
}

const foldersLeft = () => readdirSync(tmpdir()).filter((name) => name.startsWith('see-disks-'))

test('makes a raw file of an image for confined tools, and for no other process', async () => {
  await using temporary = await temporaryFolder()
  const { path, raw: base, content } = overlay(temporary.path)
  const image = { path, format: 'qcow2', backing: { path: base, format: 'raw' } }
  const raw = await RawDisks.open([image], never)
  const [disk = ''] = raw.paths
  const options = { ...bounds, readable: [disk], mountsOf: raw.pid }
  const { stdout } = await runConfined(['cat', disk], { ...options, outputBytes: 2 ** 21 })
  expect(stdout.equals(content)).toBe(true)
  const written = await runConfined(['sh', '-c', 'echo x >"$1"', 'sh', disk], options)
  expect(written.exitCode).not.toBe(0)
  expect(readFileSync(disk).length).toBe(0)
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(disk)
  const { pid } = raw
  await raw[Symbol.asyncDispose]()
  expect([existsSync(disk), existsSync(`/proc/${pid}`)]).toEqual([false, false])
})

test('opens nothing that was not given, whatever a header names', async () => {
  await using temporary = await temporaryFolder()
  const { path, content } = overlay(temporary.path)
  await using raw = await RawDisks.open([{ path, format: 'qcow2' }], never)
  const [disk = ''] = raw.paths
  const options = { ...bounds, readable: [disk], mountsOf: raw.pid, outputBytes: 2 ** 21 }
  const { stdout } = await runConfined(['cat', disk], options)
  expect(stdout.equals(Buffer.alloc(content.length))).toBe(true)
})

test('an image of another format than given is a failure, and leaves nothing', async () => {
  await using temporary = await temporaryFolder()
  const path = join(temporary.path, 'none')
  writeFileSync(path, 'nothing of QEMU')
  // Other tests have some in the common one.
  vi.stubEnv('TMPDIR', temporary.path)
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const image of [path, join(temporary.path, 'missing')]) {
    await expect(RawDisks.open([{ path: image, format: 'qcow2' }], never)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('qemu-storage-daemon'),
    })
  }
  await expect(RawDisks.open([{ path, format: 'raw' }], AbortSignal.abort())).rejects.toThrow('aborted')
  expect(foldersLeft()).toEqual([])
})

test('its mount and its daemon do not outlive this process, even when it is killed', async () => {
  await using temporary = await temporaryFolder()
  const { path } = overlay(temporary.path)
  const module = fileURLToPath(new URL('../../dist/disk/raw-disks.js', import.meta.url))
  const script = `
    import { RawDisks } from ${JSON.stringify(module)}
    const image = { path: ${JSON.stringify(path)}, format: 'qcow2' }
    const raw = await RawDisks.open([image], new AbortController().signal)
    console.log(raw.pid)
    setInterval(() => undefined, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary.path },
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line)
  expect(readFileSync(`/proc/${pid}/mounts`, 'utf8')).toContain(' fuse ')
  parent.kill('SIGKILL')
  const isAlive = () => {
    try {
      return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  await expect.poll(isAlive).toBe(false)
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(temporary.path)
})
