import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type RealServer, startRealServer } from '../test-servers/real-server.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { GlanceProvider } from './glance.ts'

const { signal } = new AbortController()
const old = randomBytes(100_000)
const content = randomBytes(2 * 1024 ** 2)

let server: RealServer
let keystone: string
let glance: string
let token: string | undefined
let newest: string

const auth = {
  username: 'admin',
  password: 'secret',
  project_name: 'admin',
  user_domain_id: 'default',
  project_domain_name: 'Default',
}

beforeAll(async () => {
  server = await startRealServer('glance-server.sh', 2, (ports) =>
    ports.map((port) => `http://127.0.0.1:${port}/`),
  )
  keystone = `http://127.0.0.1:${server.ports[0]}/v3`
  glance = `http://127.0.0.1:${server.ports[1]}`
  await signIn()
  await upload('win7', old)
  // Glance reports only seconds.
  await sleep(1100)
  newest = await upload('win7', content)
  await create('win7')
  await addToCatalogue()
}, 180_000)

afterAll(() => server[Symbol.asyncDispose](), 60_000)

async function post(url: string, body: unknown): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { 'x-auth-token': token }),
  }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response
}

async function signIn(): Promise<void> {
  const user = { name: 'admin', password: 'secret', domain: { id: 'default' } }
  const scope = { project: { name: 'admin', domain: { id: 'default' } } }
  const identity = { methods: ['password'], password: { user } }
  const response = await post(`${keystone}/auth/tokens`, { auth: { identity, scope } })
  token = response.headers.get('x-subject-token') ?? ''
}

async function create(name: string): Promise<string> {
  const image = { name, disk_format: 'raw', container_format: 'bare' }
  return z.object({ id: z.string() }).parse(await (await post(`${glance}/v2/images`, image)).json()).id
}

async function upload(name: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const id = await create(name)
  const headers = { 'content-type': 'application/octet-stream', 'x-auth-token': token ?? '' }
  const response = await fetch(`${glance}/v2/images/${id}/file`, { method: 'PUT', headers, body })
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`)
  return id
}

async function addToCatalogue(): Promise<void> {
  const created = await (
    await post(`${keystone}/services`, { service: { type: 'image', name: 'glance' } })
  ).json()
  const { service } = z.object({ service: z.object({ id: z.string() }) }).parse(created)
  const endpoint = { interface: 'public', region_id: 'one', url: glance, service_id: service.id }
  await post(`${keystone}/endpoints`, { endpoint })
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-glance-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function providerOf(name: string, path: string, options: Record<string, unknown> = {}): GlanceProvider {
  const configuration = GlanceProvider.schema.parse({
    path,
    os_auth: { ...auth, auth_url: keystone },
    ...options,
  })
  return new GlanceProvider({ name, configuration, folder: '/' })
}

test('the newest active image of a name is fetched, verified by SHA-512, and kept', async () => {
  const folder = folderOfTest()
  const path = await providerOf('win7', folder).image({ signal })
  expect(path).toBe(join(folder, newest))
  expect(readFileSync(path).equals(content)).toBe(true)
  const sha512 = createHash('sha512').update(content).digest('hex')
  expect(readFileSync(`${path}.verified`, 'utf8')).toMatch(new RegExp(`^sha512:${sha512} `))
  const { logger, lines } = recordingLogger()
  expect(await providerOf('win7', folder).image({ signal, logger })).toBe(path)
  expect(lines).toEqual([])
})

test.each(['', '/v3', '/v3/', '/v2.0/'])('Keystone is found by its URL with %s', async (version) => {
  const auth_url = `${keystone.replace(/\/v3$/, '')}${version}`
  const folder = folderOfTest()
  const path = await providerOf('win7', folder, { os_auth: { ...auth, auth_url } }).image({ signal })
  expect(path).toBe(join(folder, newest))
})

test('an image is found by its id, with Glance’s URL given, into a file of a name', async () => {
  const folder = folderOfTest()
  const target = join(folder, 'base.raw')
  const options = { path: undefined, target_path: target, glance_url: `${glance}/v2/` }
  expect(await providerOf(newest, folder, options).image({ signal })).toBe(target)
  expect(readFileSync(target).equals(content)).toBe(true)
})

test('what a killed download left is gone on with', async () => {
  const folder = folderOfTest()
  writeFileSync(join(folder, `${newest}.part`), content.subarray(0, 1_000_000))
  const path = await providerOf('win7', folder).image({ signal })
  expect(readFileSync(path).equals(content)).toBe(true)
  writeFileSync(join(folder, 'other.part'), randomBytes(3_000_000))
  const other = await providerOf('win7', folder, {
    path: undefined,
    target_path: join(folder, 'other'),
  }).image({ signal })
  expect(readFileSync(other).equals(content)).toBe(true)
})

test.each([
  ['an image that is not there', 'win95', {}, /no active image with the name or id win95/],
  ['a name with a meaning of its own', 'in:win7', {}, /no active image with the name or id in:win7/],
  ['a wrong password', 'win7', { password: 'hunter2' }, /answers 401: the credentials are wrong/],
  [
    'a region that is not there',
    'win7',
    { region_name: 'two' },
    /no image service; give its URL as "glance_url"/,
  ],
])('%s is reported, and nothing is left', async (_what, name, change, message) => {
  const folder = folderOfTest()
  const provider = providerOf(name, folder, { os_auth: { ...auth, auth_url: keystone, ...change } })
  const error = await provider.image({ signal }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', message: expect.stringMatching(message) })
  expect(inspect(error, { depth: 10 })).not.toMatch(/hunter2|"secret"/)
  expect(readdirSync(folder)).toEqual([])
})

test('credentials that cannot do are refused', () => {
  expect(() => providerOf('win7', '/tmp', { os_auth: { auth_url: keystone, username: 'admin' } })).toThrow(
    /password/,
  )
})
