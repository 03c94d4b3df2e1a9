import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { seeHere, startSee, writeEmbeddedResources } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

// It may have to be built first.
beforeAll(() => void tinyGuest(), 120_000)

/** An ordinary user of every Debian. */
const NOBODY = 65534

const HOOK = "import { Hook } from '@see/core'\nexport class Quiet extends Hook { setup() {} }\n"
const PROTOCOL = 'export const nothing = async () => undefined\n'
const DOMAIN = '<domain type="qemu"><memory unit="MiB">64</memory><os><type>hvm</type></os></domain>'

/** A folder with a file of each kind that a user names, as they should be. */
function userFiles() {
  const folder = temporaryFolder()
  const place = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  place('sample', '')
  place('hook.mjs', HOOK)
  place('protocol.mjs', PROTOCOL)
  place('hooks.json', '{ "hooks": [{ "name": "./hook.mjs#Quiet" }] }')
  place('domain.xml', DOMAIN)
  place('network.xml', '<network/>')
  place('libvirt.json', '{ "domain": { "configuration": "domain.xml" } }')
  const withNetwork = { domain: { configuration: 'domain.xml' }, network: { configuration: 'network.xml' } }
  place('with-network.json', JSON.stringify(withNetwork))
  writeEmbeddedResources(folder)
  return folder
}

const RUN = [
  'run',
  'resources.json',
  'sample',
  '--hooks',
  'hooks.json',
  '--protocol',
  './protocol.mjs#nothing',
]
const uses = [
  ['sample', RUN],
  ['resources.json', RUN],
  ['hooks.json', RUN],
  ['domain.xml', ['run', 'libvirt.json', '--command', 'true']],
  ['network.xml', ['run', 'with-network.json', '--command', 'true']],
  ['resources.json', ['template', 'build', 'resources.json', 'never']],
] as const

afterEach(() => void vi.unstubAllEnvs())

test('as they should be, all of them are used', async () => {
  expect((await seeHere(userFiles(), RUN)).exitCode).toBe(0)
})

const kinds = {
  pipe: (path: string) => void execFileSync('mkfifo', [path]),
  device: (path: string) => void execFileSync('mknod', [path, 'c', '1', '5']),
  folder: (path: string) => mkdirSync(path),
  socket: async (path: string) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(path, resolve))
    onTestFinished(() => void server.close())
  },
}

test.each(
  uses.flatMap(([name, argv]) =>
    Object.entries(kinds)
      // A folder can be a sample.
      .filter(([kind]) => kind !== 'folder' || name !== 'sample')
      .map(([kind, make]) => [kind, name, argv, make] as const),
  ),
)('a %s as %s of %j is refused immediately', async (_kind, name, argv, make) => {
  const folder = userFiles()
  rmSync(join(folder, name))
  await make(join(folder, name))
  const { exitCode, error } = await seeHere(folder, argv)
  expect(exitCode).toBe(1)
  expect(error).toMatch(new RegExp(`see: .*cannot read (the sample )?\\S*${name}: it is`))
  expect(existsSync(join(folder, 'instances'))).toBe(false)
})

test('a named pipe as configuration does not hold up the process', async () => {
  const folder = userFiles()
  rmSync(join(folder, 'hooks.json'))
  kinds.pipe(join(folder, 'hooks.json'))
  expect((await startSee(folder, RUN).ended).exitCode).toBe(1)
})

const DEEP = 100_000
const LONG = 'a'.repeat(900_000)
const contents = {
  'deep JSON': `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  'deep JSON that is malformed': '{"a":'.repeat(DEEP),
  'JSON with a key without end': `{"${LONG}": 1}`,
  'JSON with a value without end': `{"hooks": [{"name": "${LONG}"}], "hypervisor": "${LONG}"}`,
  'JSON with errors without end': `{"hooks": [${'1,'.repeat(200_000)}1]}`,
  '2 MB of JSON': `{"a": "${LONG}${LONG}${LONG}"}`,
  'deep XML': `${'<a>'.repeat(DEEP)}${'</a>'.repeat(DEEP)}`,
  'XML with a name without end': `<${LONG}`,
  'XML with an attribute without end': `<domain a="${LONG}`,
  '2 MB of XML': `<domain>${LONG}${LONG}${LONG}</domain>`,
}

test.each(
  Object.entries(contents).flatMap(([what, text]) =>
    uses
      .filter(([name]) => name.endsWith(what.includes('XML') ? '.xml' : '.json'))
      .map(([name, argv]) => [what, name, argv, text] as const),
  ),
)('%s as %s of %j: a short error that names the file', async (_what, name, argv, text) => {
  const folder = userFiles()
  writeFileSync(join(folder, name), text)
  const { exitCode, error } = await seeHere(folder, argv)
  expect(exitCode).toBe(1)
  expect(error).toContain(name)
  expect(error).not.toContain('call stack')
  expect(error.length).toBeLessThan(6000)
})

test.each([
  ['as deep', Array.from({ length: DEEP }).reduce<object>((inner) => ({ inner }), {})],
  [
    'that hold themselves',
    (() => {
      const loop: Record<string, unknown> = {}
      return Object.assign(loop, { loop })
    })(),
  ],
])('objects in the place of files %s are refused', async (_what, value) => {
  const error = { code: 'CONFIGURATION_INVALID', message: 'configuration: it is nested more than 100 deep' }
  expect(() => simulatedFactory(value)).toThrow(expect.objectContaining(error))
  await expect(
    Environment.allocate(simulatedFactory(), { configuration: { value }, hooks: [] }),
  ).rejects.toMatchObject(error)
})

test.each([
  ['resources.json', 'belongs to another user', (path: string) => chownSync(path, NOBODY, NOBODY)],
  ['resources.json', 'can be written by every user', (path: string) => chmodSync(path, 0o666)],
  ['hooks.json', 'can be written by every user', (path: string) => chmodSync(path, 0o646)],
  [
    'hooks.json',
    'can be written by a group',
    (path: string) => {
      chownSync(path, 0, NOBODY)
      chmodSync(path, 0o664)
    },
  ],
  ['hook.mjs', 'belongs to another user', (path: string) => chownSync(path, NOBODY, NOBODY)],
  ['hook.mjs', 'can be written by every user', (path: string) => chmodSync(path, 0o666)],
  ['protocol.mjs', 'can be written by every user', (path: string) => chmodSync(path, 0o666)],
  ['', 'is in a folder in which every user may replace it', (path: string) => chmodSync(path, 0o777)],
  ['', "is in another user's folder", (path: string) => chownSync(path, NOBODY, NOBODY)],
] as const)(
  '%s that %s is not used by root; with SEE_UNTRUSTED_FILES=warn it is warned of',
  async (name, _what, spoil) => {
    const folder = userFiles()
    spoil(join(folder, name))
    const refused = await seeHere(folder, RUN)
    expect(refused.exitCode).toBe(1)
    expect(refused.error).toMatch(/see: .*is not used: .*(belongs to user|can be written by)/)
    expect(existsSync(join(folder, 'instances'))).toBe(false)
    const warned = await startSee(folder, RUN, { env: { SEE_UNTRUSTED_FILES: 'warn' } }).ended
    expect(warned.exitCode).toBe(0)
    expect(warned.error).toContain('is used though it should not be')
  },
)

test('domain XML of another user is not used by root', async () => {
  const folder = userFiles()
  chownSync(join(folder, 'domain.xml'), NOBODY, NOBODY)
  const { exitCode, error } = await seeHere(folder, ['run', 'libvirt.json', '--command', 'true'])
  expect([exitCode, error]).toEqual([
    1,
    expect.stringContaining(`domain.xml is not used: it belongs to user ${NOBODY}`),
  ])
})

test('a link of another user leads to nothing that is used', async () => {
  const folder = userFiles()
  const links = temporaryFolder()
  chmodSync(links, 0o1777)
  symlinkSync(join(folder, 'hooks.json'), join(links, 'hooks.json'))
  execFileSync('chown', ['-h', String(NOBODY), join(links, 'hooks.json')])
  const argv = RUN.map((word) => (word === 'hooks.json' ? join(links, 'hooks.json') : word))
  const { exitCode, error } = await seeHere(folder, argv)
  expect([exitCode, error]).toEqual([1, expect.stringContaining('is not used')])
})

test('below sudo, the files of who called it are used', async () => {
  const folder = userFiles()
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder])
  vi.stubEnv('SUDO_UID', String(NOBODY))
  const { exitCode } = await seeHere(folder, RUN)
  expect(exitCode).toBe(0)
})
