import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type RealServer, startRealServer } from '../test-servers/real-server.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { S3Provider } from './s3.ts'

const MEBIBYTE = 1024 ** 2
const { signal } = new AbortController()
const content = randomBytes(2 * MEBIBYTE)
const parts = [randomBytes(5 * MEBIBYTE), randomBytes(5 * MEBIBYTE), randomBytes(MEBIBYTE)]

let swift: RealServer
let endpoint: string
let client: AwsClient

beforeAll(async () => {
  swift = await startRealServer('swift-server.sh', 4, ([proxy, ...others]) => [
    `http://127.0.0.1:${proxy}/info`,
    ...others.map((port) => `http://127.0.0.1:${port}/`),
  ])
  endpoint = `http://127.0.0.1:${swift.ports[0]}`
  client = new AwsClient({
    accessKeyId: 'see:admin',
    secretAccessKey: 'secretkey',
    service: 's3',
    region: 'us-east-1',
    retries: 0,
  })
  await put('images', undefined)
  await put('images/win 7/base (1).qcow2', content)
  await putInParts('images/parts.qcow2')
}, 120_000)

afterAll(() => swift[Symbol.asyncDispose](), 60_000)

async function ask(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const url = `${endpoint}/${path}`
  const response = await client.fetch(url, { method, ...(body === undefined ? {} : { body }) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response
}

async function put(path: string, body: Uint8Array<ArrayBuffer> | undefined): Promise<string> {
  return (await ask('PUT', path, body)).headers.get('etag') ?? ''
}

async function putInParts(path: string): Promise<void> {
  const started = await (await ask('POST', `${path}?uploads=`)).text()
  const upload = /<UploadId>(.+)<\/UploadId>/.exec(started)?.[1] ?? ''
  const etags = await Promise.all(
    parts.map((part, index) => put(`${path}?partNumber=${index + 1}&uploadId=${upload}`, part)),
  )
  const list = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
  await (await ask('POST', `${path}?uploadId=${upload}`, body)).text()
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-s3-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const auth = { aws_access_key_id: 'see:admin', aws_secret_access_key: 'secretkey' }

function providerOf(name: string, path: string, options: Record<string, unknown> = {}): S3Provider {
  const configuration = S3Provider.schema.parse({
    path,
    bucket_name: 'images',
    auth: { ...auth, endpoint_url: endpoint },
    ...options,
  })
  return new S3Provider({ name, configuration, folder: '/' })
}

const digest = (algorithm: string, data: Buffer) => createHash(algorithm).update(data).digest('hex')

test('an object is kept under its ETag, verified, and fetched again when it changes', async () => {
  const folder = folderOfTest()
  const provider = providerOf('win 7/base (1).qcow2', folder)
  const path = await provider.image({ signal })
  expect(path).toBe(join(folder, digest('md5', content)))
  expect(readFileSync(path).equals(content)).toBe(true)
  const { logger, lines } = recordingLogger()
  expect(await provider.image({ signal, logger })).toBe(path)
  expect(lines).toEqual([])
  const changed = randomBytes(1000)
  await put('images/changing.qcow2', content)
  const changing = providerOf('changing.qcow2', folder)
  await changing.image({ signal })
  await put('images/changing.qcow2', changed)
  expect(readFileSync(await changing.image({ signal })).equals(changed)).toBe(true)
})

test('an object that came in parts is verified by its multipart ETag', async () => {
  const folder = folderOfTest()
  const path = await providerOf('parts.qcow2', folder).image({ signal })
  expect(path).toMatch(/[0-9a-f]{32}-3$/)
  expect(readFileSync(path).equals(Buffer.concat(parts))).toBe(true)
})

test('parts of another size than was said do not fit the ETag', async () => {
  const folder = folderOfTest()
  const provider = providerOf('parts.qcow2', folder, { part_size: 4 * MEBIBYTE })
  await expect(provider.image({ signal })).rejects.toMatchObject({ code: 'IMAGE_CHECKSUM' })
  expect(readdirSync(folder)).toEqual([])
})

test('a SHA-256, when given, is what counts', async () => {
  const folder = folderOfTest()
  const sha256 = digest('sha256', content)
  const path = await providerOf('win 7/base (1).qcow2', folder, { sha256 }).image({ signal })
  expect(path).toBe(join(folder, sha256))
  const wrong = providerOf('win 7/base (1).qcow2', folder, { sha256: '0'.repeat(64) })
  await expect(wrong.image({ signal })).rejects.toMatchObject({ code: 'IMAGE_CHECKSUM' })
  expect(readdirSync(folder).filter((name) => name.startsWith('000'))).toEqual([])
})

test.each([
  ['an object that is not there', 'other.qcow2', {}, /other\.qcow2 answers 404/],
  ['a wrong secret', 'parts.qcow2', { aws_secret_access_key: 'hunter2' }, /answers 403: access is denied/],
  ['a server that is not there', 'parts.qcow2', { endpoint_url: 'http://127.0.0.1:1' }, /ECONNREFUSED/],
])('%s is reported, and nothing is left', async (_what, name, change, message) => {
  const folder = folderOfTest()
  const provider = providerOf(name, folder, { auth: { ...auth, endpoint_url: endpoint, ...change } })
  const error = await provider.image({ signal }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', message: expect.stringMatching(message) })
  expect(inspect(error, { depth: 10 })).not.toMatch(/hunter2|secretkey|see:admin/)
  expect(readdirSync(folder)).toEqual([])
})
