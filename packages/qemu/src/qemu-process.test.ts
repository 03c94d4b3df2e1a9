import { execFile, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { childVariables } from './child-environment.ts'
import { launchCommand, type QemuLimits } from './launch-command.ts'
import { QemuProcess } from './qemu-process.ts'

const program = '/usr/bin/qemu-system-x86_64'
const MIB = 1024 * 1024
const user = process.getuid?.() === 0 ? { uid: 1_900_000_001, gid: 1_900_000_000 } : undefined
const generous: QemuLimits = { addressSpaceBytes: 4096 * MIB, cpuSeconds: 60, fileBytes: 64 * MIB }

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

function options({
  limits = {},
  argv = [] as string[],
}: {
  limits?: Partial<QemuLimits>
  argv?: string[]
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'see-qemu-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  folders.push(folder)
  const monitorPath = join(folder, 'monitor')
  const machine = [
    '-nodefaults',
    '-no-user-config',
    '-S',
    '-machine',
    'pc-q35-7.2',
    '-accel',
    'tcg,tb-size=32',
  ]
  const monitor = ['-display', 'none', '-m', '32', '-qmp', `unix:${monitorPath},server=on,wait=off`]
  return {
    program,
    argv: [...machine, ...monitor, ...argv],
    monitorPath,
    folder,
    user,
    limits: { ...generous, ...limits },
  }
}

async function start(given = options()): Promise<QemuProcess> {
  const qemu = await QemuProcess.start(given)
  onTestFinished(() => qemu.kill())
  return qemu
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** A killed process may exist a moment longer, until it is reaped. */
const isAlive = (pid: number) => /^State:\s+[^ZX]/m.test(procFile(pid, 'status'))

describe('QEMU as a child', () => {
  test('knows no variable of ours but those that programs need', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    vi.stubEnv('GLIBC_TUNABLES', 'glibc.malloc.check=3')
    const { pid } = await start()
    const variables = procFile(pid, 'environ').split('\0').slice(0, -1)
    // The shell that sets QEMU's limits adds where it is.
    const allowed = [...childVariables, 'GLIBC_TUNABLES', 'PWD']
    expect(
      variables.map((each) => each.split('=', 1)[0]).filter((name) => !allowed.includes(name ?? '')),
    ).toEqual([])
    expect(variables).toContain(`PATH=${process.env['PATH']}`)
    expect(variables).toContain('GLIBC_TUNABLES=glibc.malloc.hugetlb=1')
  })

  test('answers, is confined, and quits', async () => {
    const qemu = await start()
    expect(await qemu.qmp.execute('query-status')).toMatchObject({ status: 'prelaunch' })
    const status = procFile(qemu.pid, 'status')
    expect(status).toMatch(/^Seccomp:\s+2$/m)
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
    expect(status).toMatch(/^CapEff:\s+0+$/m)
    if (user !== undefined) expect(status).toMatch(/^Uid:\s+1900000001\s+1900000001/m)
    const limits = procFile(qemu.pid, 'limits')
    expect(limits).toMatch(/Max cpu time\s+60\s+65/)
    expect(limits).toMatch(/Max file size\s+67108864\s+67108864/)
    expect(limits).toMatch(/Max core file size\s+0\s+0/)
    await qemu.stop()
    expect(await qemu.ended).toEqual({ exitCode: 0, signal: null })
    expect(qemu.failure()).toBeUndefined()
    await expect(qemu.qmp.execute('query-status')).rejects.toMatchObject({ code: 'QMP_CLOSED' })
  })

  test('fails who waits when it is killed in the middle of a command', async () => {
    const qemu = await start()
    process.kill(qemu.pid, 'SIGSTOP')
    const waiting = qemu.qmp.execute('query-status')
    waiting.catch(() => undefined)
    process.kill(qemu.pid, 'SIGKILL')
    await expect(waiting).rejects.toMatchObject({ code: 'QMP_CLOSED' })
    await qemu.ended
    expect(qemu.failure()?.message).toBe('QEMU ended: SIGKILL')
  })

  test.each([
    ['closes its monitor', `socket.end('{"return')`, /closed the connection to its monitor/],
    ['sends what is no message', `socket.write('[]\\n')`, /the monitor sent what is no message/],
  ])('is killed when it %s and goes on', async (_what, answer, message) => {
    const given = options()
    const noQemu = join(given.folder, 'no-qemu')
    const serve = `
      socket.write('{"QMP": {}}\\n')
      socket.on('error', () => undefined)
      socket.on('data', (line) => {
        const { execute, id } = JSON.parse(line)
        if (execute === 'qmp_capabilities') socket.write(JSON.stringify({ return: {}, id }) + '\\n')
        else ${answer}
      })`
    const listen = `require('node:net').createServer((socket) => {${serve}}).listen(${JSON.stringify(given.monitorPath)})`
    writeFileSync(noQemu, `#!${process.execPath}\n${listen}`, { mode: 0o755 })
    const qemu = await start({ ...given, program: noQemu })
    await expect(qemu.qmp.execute('query-status')).rejects.toThrow(message)
    expect(await qemu.ended).toEqual({ exitCode: null, signal: 'SIGKILL' })
    expect(qemu.failure()).toMatchObject({ code: 'QEMU_ENDED', message: expect.stringMatching(message) })
  })

  test('is killed when it does not quit', async () => {
    const qemu = await start()
    process.kill(qemu.pid, 'SIGSTOP')
    await qemu.stop()
    expect(await qemu.ended).toEqual({ exitCode: null, signal: 'SIGKILL' })
  })

  test('says that it has used up its CPU time', async () => {
    const busy = await start(options({ limits: { cpuSeconds: 1 } }))
    // Firmware that finds nothing to boot from sleeps; the monitor does not.
    await expect(askForEver(busy)).rejects.toMatchObject({ code: 'QMP_CLOSED' })
    await busy.ended
    expect(busy.failure()).toMatchObject({
      code: 'QEMU_ENDED',
      message: expect.stringContaining('1 seconds of CPU time'),
    })
  })

  test('says that a file became too large', async () => {
    const given = options({ limits: { fileBytes: MIB } })
    const qemu = await start(given)
    const dump = { paging: false, protocol: `file:${given.folder}/dump` }
    await qemu.qmp.execute('dump-guest-memory', dump).catch(() => undefined)
    await qemu.ended
    expect(qemu.failure()?.message).toContain('exceeded 1048576 bytes')
  })

  test.each([
    ['what it cannot do', options({ argv: ['-device', 'no-such-device'] }), /no-such-device/],
    ['too little room', options({ limits: { addressSpaceBytes: 64 * MIB } }), /address space|exit code/],
    ['a program that is none', { ...options(), program: '/nowhere/qemu' }, /\/nowhere\/qemu/],
  ])('says why it does not start: %s', async (_what, given, message) => {
    await expect(QemuProcess.start(given)).rejects.toMatchObject({
      code: 'QEMU_START',
      message: expect.stringMatching(message),
    })
  })

  test('is not left when its start is aborted', async () => {
    const given = options()
    const signal = AbortSignal.timeout(200)
    const starting = QemuProcess.start({ ...given, monitorPath: '/nowhere/monitor', signal })
    await expect(starting).rejects.toMatchObject({ name: 'TimeoutError' })
    const running = readdirSync('/proc').filter((pid) =>
      procFile(Number(pid), 'cmdline').includes(given.folder),
    )
    expect(running).toEqual([])
  })

  test('does not outlive a parent that is killed outright', { timeout: 30_000 }, async () => {
    const { monitorPath, argv, limits } = options()
    const module = new URL('../dist/index.js', import.meta.url).href
    const code = `
      import { QemuProcess } from ${JSON.stringify(module)}
      const given = ${JSON.stringify({ program, argv, monitorPath, limits, user })}
      console.log((await QemuProcess.start(given)).pid)
      setInterval(() => undefined, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
    })
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  })
})

async function askForEver(qemu: QemuProcess): Promise<never> {
  for (;;) await qemu.qmp.execute('query-qmp-schema')
}

test('does not start when its parent has died before', async () => {
  const [shell, ...argv] = launchCommand({ ...options(), program: '/bin/echo', argv: ['started'] })
  const stranger = argv.map((word) => (word === String(process.pid) ? '1' : word))
  const output = await new Promise<string>((resolve) => {
    execFile(shell, stranger, (_error, stdout) => resolve(stdout))
  })
  expect(output).toBe('')
})
