import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import { recordingLogger } from '../testing/recording-logger.ts'
import { type ImageServer, serve, startImageServer } from '../test-servers/image-server.ts'
import { HttpProvider } from './http.ts'

const content = randomBytes(3 * 1024 * 1024)
const sha256 = createHash('sha256').update(content).digest('hex')
const checksum = `sha256:${sha256}`
const { signal: never } = new AbortController()

type Options = Partial<z.input<typeof HttpProvider.schema>>
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'see-http-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function serverOf(answer: Answer): Promise<ImageServer> {
  const server = await startImageServer(answer)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

function providerOf(url: string, path: string, options: Options = {}): HttpProvider {
  const configuration = HttpProvider.schema.parse({ path, checksum, timeout: 0.3, ...options })
  return new HttpProvider({ name: url, configuration, folder: '/' })
}

/** Runs a fetch in a process of its own; what it says is the path or the error. */
function fetchElsewhere(
  url: string,
  path: string,
  wrapper: string[] = [],
): ChildProcessByStdio<null, Readable, null> {
  const jiti = fileURLToPath(new URL('jiti-cli.mjs', import.meta.resolve('jiti')))
  const script = fileURLToPath(new URL('../test-servers/fetch-image.ts', import.meta.url))
  const configuration = JSON.stringify({ path, checksum, timeout: 5 })
  const [command, ...rest]: string[] = [...wrapper, process.execPath, jiti, script, url, configuration]
  return spawn(command ?? '', rest, { stdio: ['ignore', 'pipe', 'inherit'] })
}

const kept = [sha256, `${sha256}.lastaccess`, `${sha256}.verified`]

test('an image is downloaded once, verified, and its use is on record', async () => {
  const folder = await folderOfTest()
  const server = await serverOf((request, response) => serve(request, response, content))
  const { logger, lines } = recordingLogger()
  const provider = providerOf(`${server.origin}/base.qcow2`, join(folder, 'made'))
  const path = await provider.image({ signal: never, logger })
  expect(path).toBe(join(folder, 'made', sha256))
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(readdirSync(join(folder, 'made')).toSorted()).toEqual(kept)
  expect(lines.at(-1)).toMatchObject({
    msg: `fetching the image ${sha256}: 3.0 MiB of 3.0 MiB`,
    progress: { bytes: content.length, totalBytes: content.length },
  })
  utimesSync(`${path}.lastaccess`, 0, 0)
  await provider.image({ signal: never })
  expect(server.requests).toHaveLength(1)
  expect(statSync(`${path}.lastaccess`).mtimeMs).toBeGreaterThan(Date.now() - 60_000)
})

test('an image that was changed is fetched again, one that was put there by hand is not', async () => {
  const folder = await folderOfTest()
  const server = await serverOf((request, response) => serve(request, response, content))
  const path = join(folder, 'base.qcow2')
  writeFileSync(path, content)
  const provider = providerOf(`${server.origin}/`, path)
  expect(await provider.image({ signal: never })).toBe(path)
  expect(server.requests).toHaveLength(0)
  writeFileSync(path, 'something else')
  await provider.image({ signal: never })
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(server.requests).toHaveLength(1)
})

const ranges = (server: ImageServer) => server.requests.map(({ headers }) => headers.range)

test.each<[string, Answer, RegExp | undefined]>([
  [
    'goes on where the line was cut',
    (...args) => serve(args[0], args[1], content, args[2] * 1024 * 1024),
    /^bytes=\d{7}-$/,
  ],
  [
    'starts again at a server that knows no ranges',
    (_request, response, count) => {
      response.writeHead(200, { 'content-length': content.length })
      if (count > 1) response.end(content)
      else response.write(content.subarray(0, 2_000_000), () => response.destroy())
    },
    /^bytes=\d+-$/,
  ],
  [
    'does not wait for a server that stalls',
    (request, response, count) => {
      if (count > 1) return serve(request, response, content)
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, 2_000_000))
    },
    /^bytes=2000000-$/,
  ],
  [
    'tries again when the server is in trouble',
    (request, response, count) => {
      if (count > 2) serve(request, response, content)
      else response.writeHead(503).end()
    },
    undefined,
  ],
  [
    'follows a redirect',
    (request, response) => {
      if (request.url === '/other') serve(request, response, content)
      else response.writeHead(302, { location: '/other' }).end()
    },
    undefined,
  ],
])('a download %s', async (_what, answer, secondRange) => {
  const folder = await folderOfTest()
  const server = await serverOf(answer)
  const path = await providerOf(`${server.origin}/base`, folder).image({ signal: never })
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(readdirSync(folder).toSorted()).toEqual(kept)
  if (secondRange === undefined) expect(ranges(server)[1]).toBeUndefined()
  else expect(ranges(server)[1]).toMatch(secondRange)
})

test.each<[string, Answer, string, RegExp]>([
  [
    'sends something else',
    (request, response) => serve(request, response, Buffer.from('not the image')),
    'IMAGE_CHECKSUM',
    /not what its checksum says/,
  ],
  [
    'says it is longer than it is',
    (_request, response) => {
      response.writeHead(200, { 'content-length': content.length })
      response.write('short', () => response.destroy())
    },
    'IMAGE_UNAVAILABLE',
    /given up after 5 fruitless attempts/,
  ],
  [
    'sends another part than it was asked for',
    (_request, response, count) => {
      response.writeHead(count === 1 ? 200 : 206, {
        'content-length': content.length,
        'content-range': `bytes 7-${content.length}/${content.length}`,
      })
      response.write(content.subarray(0, 2_000_000), () => response.destroy())
    },
    'IMAGE_UNAVAILABLE',
    /another part/,
  ],
  [
    'redirects forever',
    (_request, response) => void response.writeHead(302, { location: '/again' }).end(),
    'IMAGE_UNAVAILABLE',
    /redirects more than 5 times/,
  ],
  [
    'redirects to a file',
    (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    'IMAGE_UNAVAILABLE',
    /redirects to what is neither https/,
  ],
  [
    'does not have it',
    (_request, response) => void response.writeHead(404).end(),
    'IMAGE_UNAVAILABLE',
    /answers 404/,
  ],
  [
    'has more than the disk holds',
    (_request, response) => {
      response.writeHead(200, { 'content-length': 2 ** 50 })
      response.write('x')
    },
    'DISK_FULL',
    /needs 1073741824\.0 MiB more in .*where \d+\.\d MiB are free/,
  ],
])('nothing is left of a server that %s', async (_what, answer, code, message) => {
  const folder = await folderOfTest()
  const server = await serverOf(answer)
  await expect(providerOf(`${server.origin}/base`, folder).image({ signal: never })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(readdirSync(folder)).toEqual([])
})

test('an abort ends it immediately, and leaves nothing', async () => {
  const folder = await folderOfTest()
  const abort = new AbortController()
  const server = await serverOf((_request, response) => {
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 1000), () => setTimeout(() => abort.abort(), 20))
  })
  const provider = providerOf(`${server.origin}/base`, folder, { timeout: 60 })
  const waiting = providerOf(`${server.origin}/base`, folder, { timeout: 60 })
  const started = Date.now()
  const both = [provider, waiting].map((each) => each.image({ signal: abort.signal }))
  const outcomes = await Promise.allSettled(both)
  expect(outcomes).toMatchObject([{ reason: { name: 'AbortError' } }, { reason: { name: 'AbortError' } }])
  expect(Date.now() - started).toBeLessThan(5000)
  expect(readdirSync(folder)).toEqual([])
})

test('no credentials are printed or sent to other servers', async () => {
  const folder = await folderOfTest()
  const other = await serverOf((_request, response) => void response.writeHead(404).end())
  const server = await serverOf(
    (_request, response) => void response.writeHead(302, { location: `${other.origin}/elsewhere` }).end(),
  )
  const url = `${server.origin.replace('//', '//user:hunter2@')}/base?token=hunter2`
  const { logger, lines } = recordingLogger()
  const provider = providerOf(url, folder, { headers: { 'x-token': 'hunter2' } })
  const error = await provider.image({ signal: never, logger }).catch((reason: unknown) => reason)
  logger.error(error)
  expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE' })
  expect(inspect(error, { depth: 10 }) + JSON.stringify(lines)).not.toContain('hunter2')
  expect(server.requests[0]?.headers).toMatchObject({
    authorization: `Basic ${Buffer.from('user:hunter2').toString('base64')}`,
    'x-token': 'hunter2',
  })
  expect(JSON.stringify(other.requests)).not.toMatch(/hunter2|authorization/)
})

test('a certificate of one’s own authority is trusted when it is named, else not', async () => {
  const folder = await folderOfTest()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=see', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-nodes',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      ...names,
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  )
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  const server = await startImageServer((request, response) => serve(request, response, content), tls)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const images = join(folder, 'images')
  await expect(providerOf(`${server.origin}/`, images).image({ signal: never })).rejects.toThrow(
    /self.signed/,
  )
  const path = await providerOf(`${server.origin}/`, images, { cacert: cert }).image({ signal: never })
  expect(readFileSync(path).equals(content)).toBe(true)
})

test('processes that ask at the same time make one download, and a killed one holds no other up', async () => {
  const folder = await folderOfTest()
  const downloading = new EventEmitter()
  const started = once(downloading, 'started')
  const server = await serverOf((request, response, count) => {
    if (count > 1) return serve(request, response, content)
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 2_000_000), () => downloading.emit('started'))
  })
  const first = fetchElsewhere(`${server.origin}/base`, folder)
  await started
  const others = [1, 2, 3].map(() => fetchElsewhere(`${server.origin}/base`, folder))
  const said = others.map((child) => text(child.stdout))
  await expect.poll(() => existsSync(join(folder, `${sha256}.part`))).toBe(true)
  await expect.poll(() => statSync(join(folder, `${sha256}.part`)).size).toBe(2_000_000)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const path = join(folder, sha256)
  expect(await Promise.all(said)).toEqual([path, path, path])
  expect(ranges(server)).toEqual([undefined, 'bytes=2000000-'])
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(readdirSync(folder).toSorted()).toEqual(kept)
})

test('a disk that is full while it is written to is reported, and nothing is left on it', async () => {
  const folder = await folderOfTest()
  const server = await serverOf((_request, response) => {
    // No length: only the disk reports it.
    response.write(content)
    response.end(content)
  })
  // A file system of a megabyte, in a mount namespace that ends with the process.
  const mounted = 'mount -t tmpfs -o size=1m tmpfs "$0" && "$@"; ls -A "$0"'
  const unshare = ['unshare', '--mount', '--map-root-user', 'sh', '-c', mounted, folder]
  const child = fetchElsewhere(`${server.origin}/base`, folder, unshare)
  const said = await text(child.stdout)
  expect(said).toMatch(/^DISK_FULL: the disk is full where .* is written; make room[^\n]*$/)
})

test.each<[string, string, Options]>([
  ['a URL that is none', 'base.qcow2', {}],
  ['a scheme that is not the web’s', 'file:///etc/passwd', {}],
  ['no checksum', 'http://127.0.0.1/', { checksum: '' }],
  ['a weak checksum', 'http://127.0.0.1/', { checksum: 'md5:d41d8cd98f00b204e9800998ecf8427e' }],
  ['two places', 'http://127.0.0.1/', { target_path: '/tmp' }],
])('%s is refused', (_what, url, options) => {
  expect(() => providerOf(url, '/tmp', options)).toThrow()
})
