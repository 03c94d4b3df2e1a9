import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { embeddedFactory, Environment, qemuFactory } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './support/temporary-folder.ts'

const domainXml = `<domain type="qemu"><name>mine</name><memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
  <devices><disk type="file" device="disk"><target dev="vda" bus="virtio"/></disk></devices></domain>`

test('a fetched image that names a file beside it is thrown away before libvirt or a program sees it', async () => {
  const folder = temporaryFolder()
  const kept = join(folder, 'kept')
  const [beside, image] = [join(kept, 'beside'), join(folder, 'image.qcow2')]
  mkdirSync(kept)
  writeFileSync(beside, Buffer.alloc(1024))
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', beside, image])
  const content = readFileSync(image)
  const server = createServer((_request, response) => response.end(content)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const digest = createHash('sha256').update(content).digest('hex')
  const provider_configuration = {
    path: kept,
    checksum: `sha256:${digest}`,
    // Refreshing this pool would fail with another error.
    libvirt_pool: { name: 'there-is-none' },
  }
  const fetched = {
    uri: `http://127.0.0.1:${port}/`,
    provider: '@see/core#HttpProvider',
    provider_configuration,
  }
  const disk = { image: fetched }
  const configuration = join(folder, 'domain.xml')
  writeFileSync(configuration, domainXml)
  for (const allocate of [
    () => Environment.allocate(embeddedFactory({ disk })),
    () => Environment.allocate(qemuFactory({ domain: { configuration }, disk })),
  ]) {
    await expect(allocate()).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringMatching(/names the backing file .*a fetched image may only name/),
    })
  }
  expect(readdirSync(kept)).toEqual(['beside'])
})
