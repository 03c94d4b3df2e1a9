import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { blocks, root } from './support/documents.ts'

const files = [
  'resources',
  'resources-qemu',
  'resources-lxc',
  'resources-vbox',
  'resources-embedded',
  'hooks',
].map((name) => `${name}.schema.json`)
// Formats say no more than the patterns beside them.
const ajv = new Ajv2020({ validateFormats: false, allErrors: true, strictTuples: false })
for (const file of files) ajv.addSchema(JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')), file)

function mistakesIn(value: unknown, kind: 'resources' | 'hooks'): string[] {
  const validate = ajv.getSchema(`${kind}.schema.json`)
  if (validate === undefined) throw new Error(`no schema of ${kind}`)
  if (validate(value) === true) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** What kind of file it is, by its content. */
function kindOf(value: object): 'resources' | 'hooks' | undefined {
  if ('hooks' in value) return 'hooks'
  return 'domain' in value || 'disk' in value ? 'resources' : undefined
}

const tracked = execFileSync('git', ['ls-files', '*.json', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '')
const configurations = tracked.flatMap((file) => {
  const texts = file.endsWith('.md') ? blocks(file, 'json') : [readFileSync(join(root, file), 'utf8')]
  return texts.flatMap((text, index) => {
    const value: unknown = file.endsWith('tsconfig.json') ? undefined : JSON.parse(text)
    const kind = typeof value === 'object' && value !== null ? kindOf(value) : undefined
    if (kind === undefined || file.startsWith('schemas/')) return []
    return [{ name: `${file} (${index + 1})`, file, value, kind }]
  })
})

test('configurations are found', () => {
  const found = new Set(configurations.map(({ file }) => file))
  for (const file of ['guest/resources.json', 'examples/lifecycle/hooks.json', 'packages/core/README.md']) {
    expect([...found]).toContain(file)
  }
})

test.each(configurations)('$name is right by its schema', ({ value, kind }) => {
  // A document may show a part of a file only.
  const embedded = Object(value).hypervisor === 'embedded:///'
  const whole =
    kind === 'resources' && !embedded ? { domain: { configuration: 'domain.xml' }, ...Object(value) } : value
  expect(mistakesIn(whole, kind)).toEqual([])
})

const named = configurations.filter(({ file }) => file.endsWith('.json'))

test.each(named)('$name names its schema by a path that is there', ({ file, value, kind }) => {
  const { $schema } = value as { $schema?: string }
  expect(resolve(root, dirname(file), $schema ?? '')).toBe(join(root, 'schemas', `${kind}.schema.json`))
})

const domain = { configuration: 'domain.xml' }
const http = { path: 'images', checksum: `sha256:${'0'.repeat(64)}` }
const disk = (image: object) => ({ domain, disk: { image } })
const hook = (name: string, configuration: object) => ({
  hooks: [{ name: `@see/hooks#${name}`, configuration }],
})

test.each([
  ['resources', { domain }],
  [
    'resources',
    { hypervisor: 'lxc:///', domain: { ...domain, filesystem: { source_path: 'a', target_path: '/b' } } },
  ],
  ['resources', { hypervisor: 'vbox:///session', domain, disk: { image: 'a.vdi' } }],
  [
    'resources',
    disk({ uri: 'https://a/b', provider: '@see/core#HttpProvider', provider_configuration: http }),
  ],
  ['resources', disk({ uri: 'a', provider: './mine.ts#Mine', provider_configuration: { anything: 1 } })],
  ['hooks', { hooks: { $schema: 'a', configuration: { anything: 1 }, hooks: [] } }],
  [
    'hooks',
    { $schema: 'a', hooks: [{ name: './mine.ts#Mine', configuration: { anything: 1 }, optional: true }] },
  ],
  ['hooks', hook('YaraHook', { rules: ['a', 'b'], start_processing_on_event: ['a', 'b'] })],
  ['hooks', hook('VNCHook', { viewer: ['a', 'b', 'c'] })],
] as const)('right %s: %j', (kind, value) => {
  expect(mistakesIn(value, kind)).toEqual([])
})

test.each([
  ['resources', {}, /^ must have required property 'domain'$/],
  ['resources', { domain, discs: 1 }, /^ must NOT have additional properties$/],
  ['resources', { domain, network: { mode: 'open' } }, /^\/network\/mode must be equal to one of/],
  [
    'resources',
    { hypervisor: 'lxc:///', domain, disk: { image: 'a' } },
    /^ must NOT have additional properties$/,
  ],
  [
    'resources',
    { hypervisor: 'vbox:///session', domain, network: {} },
    /^ must NOT have additional properties$/,
  ],
  ['resources', disk({ uri: 'a', name: 'b' }), /^\/disk\/image must match exactly one schema in oneOf$/],
  [
    'resources',
    disk({ uri: 'https://a/b', provider: '@see/core#HttpProvider', provider_configuration: { path: 'a' } }),
    /provider_configuration must have required property 'checksum'/,
  ],
  [
    'resources',
    disk({
      name: 'a',
      provider: 'see.image_providers.GlanceProvider',
      provider_configuration: { path: 'a' },
    }),
    /provider_configuration must have required property 'os_auth'/,
  ],
  [
    'resources',
    disk({
      uri: 'https://a/b',
      provider: '@see/core#HttpProvider',
      provider_configuration: { ...http, target_path: 'b' },
    }),
    /provider_configuration must match exactly one schema in oneOf/,
  ],
  ['hooks', { hooks: 'all' }, /^\/hooks must be array$/],
  ['hooks', { hooks: [{ configuration: {} }] }, /^\/hooks\/0 must have required property 'name'$/],
  [
    'hooks',
    { hooks: [], configuration: { results_folder: 1 } },
    /^\/configuration\/results_folder must be string$/,
  ],
  [
    'hooks',
    hook('ScreenHook', { screenshots_on_event: 'a' }),
    /configuration must NOT have additional properties/,
  ],
  ['hooks', hook('CommandsHook', { timeout: 0 }), /configuration\/timeout must be > 0/],
  ['hooks', { hooks: hook('CommandsHook', { timeout: '1' }) }, /configuration\/timeout must be number/],
] as const)('wrong %s: %j', (kind, value, mistake) => {
  expect(mistakesIn(value, kind)).toContainEqual(expect.stringMatching(mistake))
})
