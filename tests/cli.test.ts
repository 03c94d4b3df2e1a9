import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Hypervisor } from '@see/libvirt'
import { afterEach, beforeEach, expect, test } from 'vitest'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

let folder = ''
const children = new Set<ChildProcess>()
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'see-cli-'))))
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** Starts the command in the test's folder; `said` resolves when standard error matches. */
function start(...argv: string[]) {
  const child = spawn(process.execPath, [see, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (error += text))
  const ended = new Promise<{ exitCode: number | null; out: string; error: string }>((resolve) => {
    child.once('close', (exitCode) => {
      children.delete(child)
      resolve({ exitCode, out, error })
    })
  })
  const said = async (pattern: RegExp) => await expect.poll(() => error, { timeout: 15_000 }).toMatch(pattern)
  return { child, ended, said }
}

/** Resources of a guest that has nothing to boot. */
async function writeTestResources(): Promise<string> {
  const os = '<os><type arch="x86_64" machine="q35">hvm</type></os>'
  const xml = `<domain type="qemu"><name>x</name><memory unit="MiB">64</memory>${os}</domain>`
  await writeFile(join(folder, 'domain.xml'), xml)
  const resources = { hypervisor: 'qemu:///system', domain: { configuration: 'domain.xml' } }
  await writeFile(join(folder, 'resources.json'), JSON.stringify(resources))
  return 'resources.json'
}

test('prints its version', async () => {
  const manifest = await readFile(new URL('../packages/cli/package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  expect(await start('--version').ended).toEqual({ exitCode: 0, out: `${version}\n`, error: '' })
})

test.each([
  [['--help'], 'see check'],
  [['run', '--help'], '{sample} becomes the'],
  [['check', '--help'], 'Acceleration is tried'],
])('helps: %j', async (argv, text) => {
  const { exitCode, out } = await start(...argv).ended
  expect(exitCode).toBe(0)
  expect(out).toContain(text)
})

test('help loads nothing that makes sandboxes, which takes four times as long', async () => {
  const env = { ...process.env, NODE_V8_COVERAGE: folder }
  await promisify(execFile)(process.execPath, [see, 'run', '--help'], { env })
  const [name = ''] = await readdir(folder)
  const { result } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { result: { url: string }[] }
  const loaded = result.map(({ url }) => url)
  expect(loaded).toContainEqual(expect.stringContaining('/packages/cli/dist/'))
  const light = [
    'core/dist/common/printable',
    'runner/dist/report/exit-codes',
    'core/dist/providers/guest-files',
  ]
  const heavy = loaded
    .filter((url) => /\/packages\/(?!cli\/)/.test(url))
    .filter((url) => !light.some((file) => url.endsWith(`/packages/${file}.js`)))
  expect(heavy).toEqual([])
})

test.each([
  [[], 'Usage: see'],
  [['rum'], 'Did you mean run?'],
  [['run'], 'nothing to run'],
  [['run', 'a', 'b', '--command', 'sh {sample}'], 'arguments of the sample belong in --command'],
  [['run', 'a.json', '--provider', 'libvirt'], '--provider is for the tiny guest'],
  [['run', 'a', '--hook', 'x'], 'Did you mean --hooks?'],
  [['run', 'a', '--runtime', 'soon'], 'Expected a number of seconds'],
  [['run', 'a', '--runtime', '-1'], 'Expected a number of seconds'],
  [['run', 'a', '--timeout', '0'], 'Expected a number of seconds, positive'],
  [['run', 'a', '--timeout', '1e99'], 'Expected a number of seconds'],
  [['run', 'a.json', '--command', 'cat {sample}'], 'no sample is given'],
  [['check', 'x'], 'too many arguments'],
])('wrong use exits with 1 and says what is wrong: %j', async (argv, text) => {
  const { exitCode, out, error } = await start(...argv).ended
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
  expect(error).toContain(text)
  expect(await readdir(folder)).toEqual([])
})

test('malformed JSON: file, line and column, no stack, nothing left', async () => {
  await writeFile(join(folder, 'resources.json'), '{\n  "domain": {,\n}')
  const { exitCode, error } = await start('run', 'resources.json').ended
  expect(exitCode).toBe(1)
  expect(error).toMatch(/^see: resources\.json:2:14: malformed JSON/m)
  expect(error).not.toMatch(/^\s+at /m)
  expect(await readdir(folder)).toEqual(['resources.json'])
})

test('an unknown key in the hooks file: file and line', async () => {
  const resources = await writeTestResources()
  await writeFile(join(folder, 'hooks.json'), '{\n  "hooks": [],\n  "hoooks": []\n}')
  const { exitCode, error } = await start('run', resources, '--hooks', 'hooks.json').ended
  expect(exitCode).toBe(1)
  expect(error).toContain('hooks.json:3:3: unknown key "hoooks"')
  expect((await readdir(folder)).toSorted()).toEqual(['domain.xml', 'hooks.json', resources])
})

test.each([
  [['run', 'none.json'], 'FILE_UNREADABLE', 'none.json'],
  [['run', 'resources.json', 'none.exe'], 'FILE_UNREADABLE', 'none.exe'],
  [['run', 'resources.json', '--protocol', './none.ts#run'], 'HOOK_LOAD', 'none.ts'],
  [['run', 'resources.json', '--results', 'domain.xml'], 'RESULTS_UNWRITABLE', 'domain.xml'],
])('--json prints one document also when nothing was begun: %j', async (argv, code, name) => {
  await writeTestResources()
  const { exitCode, out } = await start(...argv, '--json').ended
  expect(exitCode).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    exit_code: 1,
    results_folder: null,
    error: { code, message: expect.stringContaining(name) },
  })
})

test('SEE_LOG=debug shows where an error comes from', async () => {
  const child = spawn(process.execPath, [see, 'run', 'none.json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SEE_LOG: 'debug' },
  })
  children.add(child)
  let error = ''
  for await (const text of child.stderr.setEncoding('utf8')) error += String(text)
  expect(error).toMatch(/^\s+at .*configuration/m)
  expect(error).toContain('caused by: Error: ENOENT')
})

/** Whether libvirt still knows the domain of an environment. */
async function isDefined(identifier: string): Promise<boolean> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  return await hypervisor.domainLookupByUUID(identifier).then(
    () => true,
    () => false,
  )
}

/** Removes the storage pool of an environment, which has to be there. */
async function removePool(identifier: string): Promise<void> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  const pool = await hypervisor.storagePoolLookupByUUID(identifier)
  for (const volume of await pool.listAllVolumes()) await volume.delete()
  await pool.destroy()
  await pool.delete()
  await pool.undefine()
}

const PROTOCOL = `
import type { Protocol } from '@see/cli'
export const run: Protocol = async (context, { progress, signal }) => {
  await context.poweron()
  progress('ready to be interrupted')
  await new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
export const deaf: Protocol = async (context, { progress }) => {
  progress('ready to be interrupted')
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1000))
}
`

test.each(['SIGINT', 'SIGTERM'] as const)('%s cleans up and exits with 130', async (signal) => {
  const resources = await writeTestResources()
  await writeFile(join(folder, 'protocol.ts'), PROTOCOL)
  await writeFile(join(folder, 'hooks.json'), '{ "hooks": [] }')
  const run = start('run', resources, '--protocol', './protocol.ts#run', '--hooks', 'hooks.json', '--json')
  await run.said(/ready to be interrupted/)
  run.child.kill(signal)
  const { exitCode, out, error } = await run.ended
  expect(exitCode).toBe(130)
  expect(error).toContain('interrupted: cleaning up')
  const report = JSON.parse(out) as { identifier: string }
  const message = signal === 'SIGINT' ? 'interrupted' : 'interrupted by SIGTERM'
  expect(report).toMatchObject({ ok: false, exit_code: 130, error: { message } })
  expect(await isDefined(report.identifier)).toBe(false)
})

test('the second Ctrl-C leaves the sandbox behind', async () => {
  const resources = await writeTestResources()
  const drive = '<devices><disk device="disk"><target dev="vda" bus="virtio"/></disk></devices></domain>'
  const domain = await readFile(join(folder, 'domain.xml'), 'utf8')
  await writeFile(join(folder, 'domain.xml'), domain.replace('</domain>', drive))
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'image.qcow2'), '1M'])
  // QEMU's user must be able to read the image.
  await chmod(folder, 0o755)
  const disk = { image: 'image.qcow2', clone: { storage_pool_path: folder } }
  await writeFile(join(folder, resources), JSON.stringify({ domain: { configuration: 'domain.xml' }, disk }))
  await writeFile(join(folder, 'protocol.ts'), PROTOCOL)
  await writeFile(
    join(folder, 'stuck.mjs'),
    `import { Hook } from '@see/core'
export class Stuck extends Hook { setup() {} cleanup() { return new Promise(() => undefined) } }`,
  )
  await writeFile(join(folder, 'hooks.json'), '{ "hooks": [{ "name": "./stuck.mjs#Stuck" }] }')
  const run = start('run', resources, '--protocol', './protocol.ts#deaf', '--hooks', 'hooks.json')
  await run.said(/ready to be interrupted/)
  run.child.kill('SIGINT')
  await run.said(/interrupted: cleaning up/)
  expect(run.child.exitCode).toBeNull()
  run.child.kill('SIGINT')
  const { exitCode, error } = await run.ended
  expect(exitCode).toBe(130)
  // It said that it leaves things behind.
  await removePool(/run (\S+): /.exec(error)?.[1] ?? '')
})

test.each([
  ['without a width gets lines', '', /^\d{4}-\S+Z run \S+: checking/m],
  ['gets a spinner', 'stty cols 80;', /[✖×].* run \S+: checking/],
])('a terminal %s', async (_what, prepare, expected) => {
  // A CI's terminal gets no spinner either.
  const { CI: _ci, ...env } = process.env
  const command = `${prepare} "$NODE" "$SEE" run none.json`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...env, NODE: process.execPath, SEE: see, TERM: 'xterm' },
  })
  children.add(child)
  let shown = ''
  for await (const text of child.stdout.setEncoding('utf8')) shown += String(text)
  expect(shown).toMatch(expected)
  expect(shown).toContain('see: cannot read')
})

test.each([
  ['has colours', '', true],
  ['has none with NO_COLOR', '1', false],
])('a terminal %s', async (_what, noColor, expected) => {
  const { CI: _ci, FORCE_COLOR: _force, NO_COLOR: _no, ...env } = process.env
  const child = spawn('script', ['-qec', 'stty cols 80; "$NODE" "$SEE" run none.json', '/dev/null'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...env,
      NODE: process.execPath,
      SEE: see,
      TERM: 'xterm',
      ...(noColor ? { NO_COLOR: noColor } : {}),
    },
  })
  children.add(child)
  let shown = ''
  for await (const text of child.stdout.setEncoding('utf8')) shown += String(text)
  expect(shown).toMatch(/[✖×].* run \S+: checking/)
  // oxlint-disable-next-line no-control-regex -- a terminal's sequence for colours
  expect(/\u001B\[[\d;]*m/.test(shown)).toBe(expected)
})

test('check reports each provider, as text and as JSON', { timeout: 120_000 }, async () => {
  const [text, json] = await Promise.all([start('check').ended, start('check', '--json').ended])
  expect(text.out).toMatch(/^embedded: (not )?ready$/m)
  expect(text.out).toMatch(/^qemu: (not )?ready$/m)
  expect(text.out).toMatch(/^lxc: (not )?ready$/m)
  const { ok, providers } = JSON.parse(json.out) as { ok: boolean; providers: unknown[] }
  expect(json.exitCode).toBe(ok ? 0 : 2)
  expect(providers).toMatchObject([
    {
      provider: 'embedded',
      findings: expect.arrayContaining([expect.objectContaining({ name: 'node', ok: true })]),
    },
    { provider: 'qemu' },
    { provider: 'lxc' },
  ])
})
