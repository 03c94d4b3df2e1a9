import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { childVariables } from './child-environment.ts'
import { jailedLaunchCommand, launchCommand, type QemuLimits } from './launch-command.ts'
import { QemuProcess } from './qemu-process.ts'

const program = '/usr/bin/qemu-system-x86_64'
const MIB = 1024 * 1024
const user = process.getuid?.() === 0 ? { uid: 1_900_000_001, gid: 1_900_000_000 } : undefined
const generous: QemuLimits = { addressSpaceBytes: 4096 * MIB, cpuSeconds: 60, fileBytes: 64 * MIB }

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

interface Given {
  readonly limits?: Partial<QemuLimits>
  readonly argv?: string[]
  readonly isJailed?: boolean
}

function options({ limits = {}, argv = [], isJailed = false }: Given = {}) {
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
    jail: isJailed ? { readable: [], writable: [folder], devices: [], hasHostNetwork: false } : undefined,
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

test('without a jail, it knows no variable of ours but those that programs need', async () => {
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

test('in a jail, it knows no variable but those of its C library, and has namespaces of its own', async () => {
  const { pid } = await start(options({ isJailed: true }))
  expect(procFile(pid, 'environ')).toBe('GLIBC_TUNABLES=glibc.malloc.hugetlb=1\0')
  const shared = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'].filter((kind) => {
    return readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`)
  })
  expect(shared).toEqual([])
  expect(readdirSync(`/proc/${pid}/root`).toSorted()).toEqual(
    ['bin', 'dev', 'etc', 'lib', 'lib64', 'sys', 'tmp', 'usr'].filter((name) => existsSync(`/${name}`)),
  )
  const writable = procFile(pid, 'mountinfo')
    .split('\n')
    .filter((line) => / rw,/.test(line.split(' - ')[0] ?? ''))
  expect(writable.map((line) => line.split(' ')[4])).toEqual([
    '/dev/null',
    '/dev/urandom',
    expect.stringContaining('/see-qemu-'),
  ])
})

describe.each([
  ['without a jail', false],
  ['in a jail', true],
])('QEMU as a child, %s', (_where, isJailed) => {
  test('answers, is confined, and quits', async () => {
    const qemu = await start(options({ isJailed }))
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
    expect(limits).toMatch(/Max open files\s+1024\s+1024/)
    expect(limits).toMatch(/Max processes\s+256\s+256/)
    await qemu.stop()
    expect(await qemu.ended).toEqual({ exitCode: 0, signal: null })
    expect(qemu.failure()).toBeUndefined()
    await expect(qemu.qmp.execute('query-status')).rejects.toMatchObject({ code: 'QMP_CLOSED' })
  })

  test('fails who waits when it is killed in the middle of a command', async () => {
    const qemu = await start(options({ isJailed }))
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
    const given = options({ isJailed })
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
    const qemu = await start(options({ isJailed }))
    process.kill(qemu.pid, 'SIGSTOP')
    await qemu.stop()
    expect(await qemu.ended).toEqual({ exitCode: null, signal: 'SIGKILL' })
  })

  test('says that it has used up its CPU time', async () => {
    const busy = await start(options({ isJailed, limits: { cpuSeconds: 1 } }))
    // Firmware that finds nothing to boot from sleeps; the monitor does not.
    await expect(askForEver(busy)).rejects.toMatchObject({ code: 'QMP_CLOSED' })
    await busy.ended
    expect(busy.failure()).toMatchObject({
      code: 'QEMU_ENDED',
      message: expect.stringContaining('1 seconds of CPU time'),
    })
  })

  test('says that a file became too large', async () => {
    const given = options({ isJailed, limits: { fileBytes: MIB } })
    const qemu = await start(given)
    const dump = { paging: false, protocol: `file:${given.folder}/dump` }
    await qemu.qmp.execute('dump-guest-memory', dump).catch(() => undefined)
    await qemu.ended
    expect(qemu.failure()?.message).toContain('exceeded 1048576 bytes')
  })

  test.each([
    ['what it cannot do', options({ isJailed, argv: ['-device', 'no-such-device'] }), /no-such-device/],
    [
      'too little room',
      options({ isJailed, limits: { addressSpaceBytes: 64 * MIB } }),
      /address space|exit code/,
    ],
    ['a program that is none', { ...options({ isJailed }), program: '/nowhere/qemu' }, /\/nowhere\/qemu/],
  ])('says why it does not start: %s', async (_what, given, message) => {
    await expect(QemuProcess.start(given)).rejects.toMatchObject({
      code: 'QEMU_START',
      message: expect.stringMatching(message),
    })
  })

  test('is not left when its start is aborted', async () => {
    const given = options({ isJailed })
    const signal = AbortSignal.timeout(200)
    const starting = QemuProcess.start({ ...given, monitorPath: '/nowhere/monitor', signal })
    await expect(starting).rejects.toMatchObject({ name: 'TimeoutError' })
    const running = readdirSync('/proc').filter((pid) =>
      procFile(Number(pid), 'cmdline').includes(given.folder),
    )
    expect(running).toEqual([])
  })

  test('does not outlive a parent that is killed outright', { timeout: 30_000 }, async () => {
    const { monitorPath, argv, limits, jail } = options({ isJailed })
    const module = new URL('../dist/index.js', import.meta.url).href
    const code = `
      import { QemuProcess } from ${JSON.stringify(module)}
      const given = ${JSON.stringify({ program, argv, monitorPath, limits, user, jail })}
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

test('without a jail, does not start when its parent has died before', async () => {
  const [shell, ...argv] = launchCommand({ ...options(), program: '/bin/echo', argv: ['started'] })
  const stranger = argv.map((word) => (word === String(process.pid) ? '1' : word))
  const output = await new Promise<string>((resolve) => {
    execFile(shell, stranger, (_error, stdout) => resolve(stdout))
  })
  expect(output).toBe('')
})

test('in a jail, does not start when its parent has died before', async () => {
  const given = { ...options({ isJailed: true }), program: '/bin/echo', argv: ['started'] }
  const [shell, ...argv] = jailedLaunchCommand(given, given.jail ?? expect.fail('no jail'), {})
  // A parent that dies closes its end.
  const child = spawn(shell, argv, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const said = child.stdout === null ? expect.fail('no output') : textOf(child.stdout)
  expect(await Promise.all([said, once(child, 'close')])).toEqual(['\n', [1, null]])
})

test.each([
  ['a file that is not there', { readable: ['/nowhere/image'] }, 'QEMU_START', /\/nowhere\/image/],
  ['a host without the right to a namespace', { hasHostNetwork: false }, 'QEMU_JAIL', /bwrap: .*namespace/i],
])('in a jail, says why it is not started: %s', async (_what, jail, code, message) => {
  const given = options({ isJailed: true })
  const forbidden = code === 'QEMU_JAIL' ? join(given.folder, 'bin') : undefined
  if (forbidden !== undefined) forbidNamespaces(forbidden)
  const starting = QemuProcess.start({ ...given, jail: { ...(given.jail ?? expect.fail()), ...jail } })
  await expect(starting).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

/** For the rest of the test, bubblewrap runs where no user namespace can be made. */
function forbidNamespaces(folder: string): void {
  mkdirSync(folder)
  const inner = 'echo 0 >/proc/sys/user/max_user_namespaces && exec /usr/bin/bwrap "$@"'
  const script = `#!/bin/sh\nexec unshare --user --map-root-user sh -c '${inner}' sh "$@"\n`
  writeFileSync(join(folder, 'bwrap'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
  onTestFinished(() => void vi.unstubAllEnvs())
}
