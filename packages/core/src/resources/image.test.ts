import { expect, test } from 'vitest'
import { providerAliases } from '../image-providers/aliases.ts'
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
