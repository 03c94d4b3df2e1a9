import { expect, test } from 'vitest'
import { providerAliases } from './aliases.ts'
import { imageProvider, imageSchema } from './image.ts'

const path = '/images'
const configurations: Record<string, Record<string, unknown>> = {
  DummyProvider: {},
  HttpProvider: { path, checksum: `sha256:${'0'.repeat(64)}` },
  LibvirtPoolProvider: { storage_pool_path: path },
  S3Provider: { path, bucket_name: 'images', auth: { aws_access_key_id: 'a', aws_secret_access_key: 'b' } },
  GlanceProvider: {
    path,
    os_auth: { auth_url: 'http://127.0.0.1/v3', username: 'me', password: 'secret' },
    session: { cacert: 'ca.pem' },
  },
}

const names = [...Object.keys(configurations).map((name) => `@see/core#${name}`), ...providerAliases.keys()]

test.each(names)('%s is a provider of this package', async (provider) => {
  const name = /\w+$/.exec(provider)?.[0] ?? ''
  const image = imageSchema.parse({
    uri: 'http://127.0.0.1/base',
    provider,
    provider_configuration: configurations[name],
  })
  expect((await imageProvider(image, '/')).constructor.name).toBe(name)
})

test('a key that a provider does not know is refused', async () => {
  const image = imageSchema.parse({
    name: 'base',
    provider: 'see.image_providers.LibvirtPoolProvider',
    provider_configuration: { storage_pool_path: path, storage_pool: path },
  })
  await expect(imageProvider(image, '/')).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringContaining('unknown key "storage_pool"'),
  })
})

test('a folder goes before the path of a local file, as in the reference', async () => {
  const provider = 'see.image_providers.DummyProvider'
  const image = imageSchema.parse({ name: 'bar', provider, provider_configuration: { path: '/foo' } })
  const { signal } = new AbortController()
  expect(await (await imageProvider(image, '/')).image({ signal })).toBe('/foo/bar')
})

test.each([
  [
    'see.image_providers.S3Provider',
    { path, bucket_name: 'images', auth: { use_ssl: true } },
    'the scheme of "endpoint_url"',
  ],
  [
    'see.image_providers.S3Provider',
    { path, bucket_name: 'images', auth: { verify: false } },
    'always verified',
  ],
  [
    'see.image_providers.GlanceProvider',
    { path, os_auth: { auth_url: 'http://127.0.0.1', username: 'a', password: 'b', tenant_name: 'c' } },
    'say "project_name"',
  ],
])(
  '%s says what to do about a key of the reference that it does not take',
  async (provider, keys, advice) => {
    const image = imageSchema.parse({ uri: 'base', provider, provider_configuration: keys })
    await expect(imageProvider(image, '/')).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining(advice),
    })
  },
)

test('a provider written in Python is reported as such', async () => {
  const image = imageSchema.parse({ uri: 'base', provider: 'mine.providers.MyProvider' })
  await expect(imageProvider(image, '/')).rejects.toMatchObject({
    code: 'HOOK_LOAD',
    message: expect.stringContaining('looks like the name of a Python class'),
  })
})
