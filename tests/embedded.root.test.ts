import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { embeddedFactory, Environment } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { leftOf } from './support/leftovers.ts'
import { SeeRun } from './support/see-run.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 90_000
const NOBODY = 65_534
const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

function uidsOf(pid: number): string[] {
  const [, uids = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return uids.split('\t')
}

test('each sandbox of root has a user of its own', async () => {
  const both = [await embeddedEnvironment(), await embeddedEnvironment()]
  for (const { context } of both) await context.poweron()
  const [one = [], other = []] = both.map(({ context }) => uidsOf(context.domain.qemu.pid))
  for (const uid of [...one, ...other]) expect(Number(uid)).toBeGreaterThan(1_879_048_191)
  expect(one[0]).not.toBe(other[0])
  for (const { identifier } of both) {
    const path = `/var/lib/see/instances/${identifier}`
    const nosy = ['--reuid', other[0] ?? '', '--clear-groups', 'ls', path]
    const whose = execFileSync('stat', ['-c', '%a %u', path], { encoding: 'utf8' }).trim()
    expect(whose).toMatch(/^700 /)
    if (whose === `700 ${one[0]}`) {
      expect(() => execFileSync('setpriv', nosy, { stdio: 'ignore' })).toThrow('Command failed')
    }
  }
})

test('an ordinary user runs a sample, without any daemon', { timeout: 180_000 }, async () => {
  const folder = temporaryFolder()
  const instances = join(folder, 'instances')
  mkdirSync(instances)
  for (const each of [folder, instances]) chownSync(each, NOBODY, NOBODY)
  const resources = join(folder, 'resources.json')
  const guest = embeddedGuest({ disk: { clone: { storage_pool_path: instances } } })
  writeFileSync(resources, JSON.stringify({ hypervisor: 'embedded:///', ...guest }))
  writeFileSync(
    join(folder, 'hooks.json'),
    JSON.stringify({ hooks: [{ name: '@see/hooks#NetworkTracerHook' }] }),
  )
  const argv = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', process.execPath, see]
  const options = ['--runtime', '2', '--json', '--results', join(folder, 'results')]
  const hooks = ['--hooks', join(folder, 'hooks.json')]
  const command = [...argv, 'run', resources, '/bin/true', ...hooks, ...options]
  const { stdout } = await promisify(execFile)('setpriv', command, { env: { PATH: process.env['PATH'] } })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ ok: true, failures: [], warnings: [], commands: [{ exit_code: 0 }] })
  expect(readdirSync(report.results_folder).filter((name) => name.endsWith('.pcap'))).toHaveLength(1)
  expect(readdirSync(instances)).toEqual([])
  expect(await leftOf(report.identifier)).toEqual([])
})

test('a see run in another PID namespace keeps its folder as long as it lives', {
  timeout: GUEST_MS,
}, async () => {
  const instances = join(temporaryFolder(), 'instances')
  chmodSync(join(instances, '..'), 0o755)
  const run = await SeeRun.start(instances, ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'])
  const factory = embeddedFactory(embeddedGuest({ disk: { clone: { storage_pool_path: instances } } }))
  // Both wait for what is removed meanwhile.
  await (await Environment.allocate(factory)).deallocate()
  expect(readdirSync(run.folder)).toContain('disk.qcow2')
  await run.kill()
  const code = `
    import { embeddedFactory, Environment } from '@see/core'
    await (await Environment.allocate(embeddedFactory(process.argv[1] + '.json'))).deallocate()`
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  execFileSync(process.execPath, ['--input-type=module', '-e', code, instances], { cwd })
  expect(readdirSync(instances)).toEqual([])
})

test('a host whose disk is full says so, and nothing is left', async () => {
  const folder = temporaryFolder()
  const small = join(folder, 'small')
  mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', small])
  try {
    const factory = embeddedFactory(embeddedGuest({ disk: { clone: { storage_pool_path: small } } }))
    await expect(Environment.allocate(factory)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining(small),
    })
    expect(readdirSync(small)).toEqual([])
  } finally {
    execFileSync('umount', [small])
  }
})

test('a guest whose disk finds no more room on this host is paused, and says why', {
  timeout: 2 * GUEST_MS,
}, async () => {
  const small = join(temporaryFolder(), 'small')
  mkdirSync(small)
  chmodSync(join(small, '..'), 0o755)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'small', small])
  onTestFinished(() => void execFileSync('umount', [small]))
  await sharedTemplate('embedded')
  const environment = await embeddedEnvironment(
    embeddedGuest({ disk: { clone: { storage_pool_path: small } }, template: 'embedded' }),
  )
  const { context } = environment
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  const script = 'dd if=/dev/zero of=/root/big bs=1M count=20 2>/dev/null; sync; echo written'
  const writing = context.agent.exec(['/bin/sh', '-c', script], { timeoutMs: GUEST_MS })
  await expect(writing).rejects.toMatchObject({
    code: 'GUEST_STOPPED',
    message: expect.stringContaining(`no room for its disk in ${small}`),
  })
  expect(await context.state()).toBe('paused')
  expect(context.limitsReached).toMatchObject([{ limit: 'host_disk_mib', action: 'paused' }])
  execFileSync('mount', ['-o', 'remount,size=64m', small])
  await context.resume()
  const size = async () => (await context.agent.exec(['stat', '-c', '%s', '/root/big'])).stdout.toString()
  await expect.poll(size, { timeout: 30_000 }).toBe(`${20 * 1024 * 1024}\n`)
  await environment.deallocate()
  expect(readdirSync(small)).toEqual([])
})

test.each([
  ['no device of KVM', '', 'allocate', /no such file.*"accelerator": "tcg"/],
  [
    'one that its sandbox may not open',
    'mknod -m 600 $0/kvm c 1 3',
    'poweron',
    /denied.*"accelerator": "tcg"/,
  ],
  ['one that is none', 'mknod -m 666 $0/kvm c 1 3', 'poweron', /KVM.*"accelerator": "tcg"/],
])(
  'where there is %s, allocating a guest that needs it says so, and nothing is left',
  async (_what, make, at, message) => {
    const instances = join(temporaryFolder(), 'instances')
    const devicesFolder = temporaryFolder()
    const machine = { accelerator: 'kvm' as const }
    const configuration = embeddedGuest({ machine, disk: { clone: { storage_pool_path: instances } } })
    chmodSync(join(instances, '..'), 0o755)
    const code = `
    import { embeddedFactory, Environment } from '@see/core'
    let step = 'allocate'
    let environment
    try {
      environment = await Environment.allocate(embeddedFactory(JSON.parse(process.argv[1])))
      step = 'poweron'
      await environment.context.poweron()
    } catch ({ code, message }) {
      console.log(JSON.stringify({ step, code, message }))
    }
    await environment?.deallocate()`
    const devices = 'null zero full random urandom tty'
    const script = `mount -t tmpfs dev $0 && cd /dev && cp -a ${devices} $0 && ln -s /proc/self/fd $0/fd
    chmod 755 $0; ${make}
    mount --bind $0 /dev && cd "$1" && shift && exec "$@"`
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    const node = [process.execPath, '--input-type=module', '--eval', code, JSON.stringify(configuration)]
    const unshare = ['--mount', 'sh', '-c', script, devicesFolder, cwd, ...node]
    const output = execFileSync('unshare', unshare, { encoding: 'utf8' })
    expect(JSON.parse(output)).toMatchObject({
      step: at,
      code: 'HYPERVISOR_FAILED',
      message: expect.stringMatching(new RegExp(message, 'i')),
    })
    if (at === 'allocate') expect(existsSync(instances)).toBe(false)
    else expect(readdirSync(instances)).toEqual([])
  },
)

test('an image that the sandbox may not read is refused at allocation', async () => {
  const folder = temporaryFolder()
  const image = join(folder, 'disk.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '8M'])
  chmodSync(image, 0o600)
  await expect(embeddedEnvironment(embeddedGuest({ disk: { image } }))).rejects.toMatchObject({
    code: 'IMAGE_REFUSED',
    message: expect.stringContaining(`cannot read ${image}`),
  })
})
