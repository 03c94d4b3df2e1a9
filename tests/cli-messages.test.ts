import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seeHere, startSee } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** What `see run` says of a resources file. */
async function said(resources: object | string, hooks?: object): Promise<string> {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'resources.json'),
    typeof resources === 'string' ? resources : JSON.stringify(resources),
  )
  if (hooks !== undefined) writeFileSync(join(folder, 'hooks.json'), JSON.stringify(hooks))
  const argv = ['run', 'resources.json', ...(hooks === undefined ? [] : ['--hooks', 'hooks.json'])]
  const { exitCode, out, error } = await seeHere(folder, argv)
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
  return error
}

const domain = { configuration: 'domain.xml' }

test.each([
  ['{}', '{}', 'see: resources.json:1:1: "domain" is missing: The virtual machine.\n'],
  [
    'a domain without its XML',
    '{\n  "domain": {}\n}',
    `see: resources.json:2:3: "domain.configuration" is missing: The path of the domain's XML.\n`,
  ],
  [
    'a disk without its image',
    { domain, disk: {} },
    '"disk.image" is missing: The image, which is never written: a path, or what a provider is to fetch.\n',
  ],
  [
    'an allowance without what it leads to',
    { hypervisor: 'embedded:///', network: { allow: [{ port: 80 }] } },
    '"network.allow.0": needs "to" or "name"\n',
  ],
])('what is missing, and what it is for: %s', async (_what, resources, expected) => {
  expect(await said(resources)).toContain(expected)
})

test('what is missing of a hook, and what it is for', async () => {
  const hooks = { hooks: [{ configuration: {} }] }
  expect(await said({ domain }, hooks)).toContain(
    'hooks.json:1:11: "hooks.0.name" is missing: "module#Export" of the hook; the module is a package, or a path relative to the file.\n',
  )
})

test.each([
  [{ domian: domain }, 'unknown key "domian", did you mean "domain"? (known: $schema, name, hypervisor, '],
  [
    { domain, disk: { imgae: 'a' } },
    'unknown key "disk.imgae", did you mean "image"? (known: image, format, ',
  ],
  [
    { domain, disk: { image: { url: 'a' } } },
    'unknown key "disk.image.url", did you mean "uri"? (known: uri, name, provider, provider_configuration)',
  ],
  [{ domain, quux: 1 }, 'unknown key "quux" (known: $schema, '],
])('the key that is meant: %j', async (resources, expected) => {
  expect(await said(resources)).toContain(expected)
})

test('the key of a hook that is meant', async () => {
  const screen = { name: '@see/hooks#ScreenHook', configuration: { screenshot_on_evnt: 'post_poweron' } }
  expect(await said({ domain }, { hooks: [screen] })).toContain(
    'unknown key "screenshot_on_evnt", did you mean "screenshot_on_event"? (known: ',
  )
})

test('what an image provider lacks, and of which image', async () => {
  const image = {
    uri: 'http://127.0.0.1/a',
    provider: '@see/core#HttpProvider',
    provider_configuration: { header: {} },
  }
  const disk = { image, clone: { storage_pool_path: temporaryFolder() } }
  const error = await said({ hypervisor: 'embedded:///', disk })
  const place = '"provider_configuration" of the image http://127.0.0.1/a: '
  expect(error).toContain(
    `${place}"checksum" is missing: "sha256:", "sha384:" or "sha512:" and the digest in `,
  )
  expect(error).toContain(`${place}unknown key "header", did you mean "headers"? (known: `)
})

test('the hook that is meant', async () => {
  expect(await said({ domain }, { hooks: [{ name: '@see/hooks#ScrenHook' }] })).toContain(
    '@see/hooks has no export "ScrenHook", did you mean "ScreenHook"? (it has: ',
  )
})

test.each([
  [{ domain, network: { mode: 'nat-nolan' } }, '"network.mode": expected one of "nat-no-lan", "nat", '],
  [{ domain, network: { mode: 'nat-nolan' } }, ', did you mean "nat-no-lan"?\n'],
  [
    { hypervisor: 'embedded://', machine: {} },
    '"hypervisor": expected "embedded:///", did you mean "embedded:///"?\n',
  ],
  [{ domain, disk: { image: 7 } }, '"disk.image": expected string or object, received number\n'],
  [{ domain, disk: { image: { uri: 7 } } }, '"disk.image.uri": expected string, received number\n'],
  [{ domain, disk: { image: {} } }, '"disk.image": give either "uri" or "name"\n'],
])('the value that is meant: %j', async (resources, expected) => {
  expect(await said(resources)).toContain(expected)
})

const KNOWN = '(known: embedded:///, qemu:///system, lxc:///system, vbox:///session)\n'

test.each([
  ['embeded:///', `no provider has the scheme "embeded", did you mean "embedded"? ${KNOWN}`],
  ['qmeu+ssh://host/system', `no provider has the scheme "qmeu", did you mean "qemu"? ${KNOWN}`],
  ['docker:///', `no provider has the scheme "docker" ${KNOWN}`],
  ['/var/run/libvirt', `no provider has the scheme "/var/run/libvirt" ${KNOWN}`],
])('the scheme that is meant: %s', async (hypervisor, expected) => {
  const place = 'see: resources.json:1:2: "hypervisor": '
  expect(await said({ hypervisor })).toContain(`${place}${expected}`)
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'resources.json'), JSON.stringify({ hypervisor }))
  const { exitCode, error } = await seeHere(folder, ['template', 'build', 'resources.json', 'x'])
  expect(exitCode).toBe(1)
  expect(error).toContain(`${place}${expected}`)
})

test.each([
  [['run', '--json', '--bogus'], 1, 'USAGE', "unknown option '--bogus'"],
  [['run', '--json'], 1, 'USAGE', 'nothing to run: give a sample'],
  [['run', '--json', '--timeout', 'soon'], 1, 'USAGE', 'Expected a number of seconds'],
  [['--json'], 1, 'USAGE', "unknown option '--json'"],
  [['template', 'build', '--json', 'resources.json'], 1, 'USAGE', "missing required argument 'template'"],
  [['template', 'build', '--json', 'none.json', 'x'], 1, 'FILE_UNREADABLE', 'none.json'],
  [['template', 'info', '--json', 'nope'], 1, 'TEMPLATE_MISSING', 'nope'],
  [['template', 'rm', '--json', 'nope'], 1, 'TEMPLATE_MISSING', 'nope'],
  [['report', '--json', 'nowhere'], 1, 'FILE_UNREADABLE', 'the folder nowhere cannot be read'],
  [['report', '--json'], 1, 'FILE_UNREADABLE', 'there is no run in results/'],
  [
    ['report', '--json', '--out', 'no/page.html', '.'],
    1,
    'RESULTS_UNWRITABLE',
    'name another file with --out',
  ],
  [['check', '--json', 'x'], 1, 'USAGE', 'too many arguments'],
])('--json prints an error as one document: %j', async (argv, exitCode, code, text) => {
  const ended = await startSee(temporaryFolder(), argv).ended
  expect(ended.exitCode).toBe(exitCode)
  const report: unknown = JSON.parse(ended.out)
  expect(report).toEqual({
    ok: false,
    exit_code: exitCode,
    error: { code, message: expect.stringContaining(text) },
  })
  expect(ended.error).toContain(text)
})

test('--json of a sample is none of ours', async () => {
  const { exitCode, out, error } = await startSee(temporaryFolder(), ['template', 'info', '--', '--json'])
    .ended
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
  expect(error).toContain('--json')
})

test.each([[['run']], [['template', 'build']]])(
  'the help of %j shows seconds in seconds',
  async (command) => {
    const { out } = await seeHere('/', [...command, '--help'])
    const defaults = Array.from(out.matchAll(/<seconds>[^]*?\(default: (\d+)\)/g), ([, seconds]) =>
      Number(seconds),
    )
    expect(defaults.length).toBeGreaterThan(0)
    for (const seconds of defaults) expect(seconds).toBeLessThan(3600)
  },
)
