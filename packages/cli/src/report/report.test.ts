import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { report, type ReportOptions } from './report.ts'

const IDENTIFIER = '00000000-0000-4000-8000-000000000001'
const version1 = fileURLToPath(new URL('../../../evidence/fixtures/version-1', import.meta.url))

const before = process.cwd()
afterEach(() => process.chdir(before))

async function reportIn(folder: string, options: Partial<ReportOptions> = {}) {
  process.chdir(folder)
  let out = ''
  const terminal = { out: { write: (text: string) => void (out += text) }, error: { write: () => true } }
  return { exitCode: await report({ json: false, ...options }, terminal), out }
}

/** A folder of version 2 that holds nothing but its manifest. */
function writeCase(folder: string, identifier: string, name = 'manifest.json', files: object[] = []): void {
  mkdirSync(folder, { recursive: true })
  const manifest = {
    format: 'see-evidence',
    version: 2,
    identifier,
    created: '2026-11-28T12:00:00.000Z',
    complete: true,
    files,
  }
  writeFileSync(join(folder, name), JSON.stringify(manifest))
}

test('the page of a folder is in it, for its owner only', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  cpSync(version1, folder, { recursive: true })
  const { exitCode, out } = await reportIn(folder, { dir: IDENTIFIER })
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^Report of 0{8}-\S+ in 0{8}-\S+\/report\.html \(\d+ KiB\)\n {2}missing: /)
  const page = join(folder, IDENTIFIER, 'report.html')
  expect(readFileSync(page, 'utf8')).toContain('hello-malware')
  expect(statSync(page).mode & 0o777).toBe(0o600)
  // A second one takes its place.
  await reportIn(folder, { dir: IDENTIFIER })
  expect(readdirSync(join(folder, IDENTIFIER)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('--json, and a page elsewhere that leads back to the evidence', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  cpSync(version1, join(folder, 'a b'), { recursive: true })
  const dir = join('a b', IDENTIFIER)
  const { out } = await reportIn(folder, { dir, out: 'page.html', json: true })
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    page: join(process.cwd(), 'page.html'),
    identifier: IDENTIFIER,
    events: 19,
    omitted: [],
  })
  expect(readFileSync('page.html', 'utf8')).toContain(`"folder":"a%20b/${IDENTIFIER}/"`)
})

test('without a folder it is the newest run in results/', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  for (const [at, name] of ['old', 'new', 'older'].entries()) {
    writeCase(join(folder, 'results', name), `identifier-${name}`)
    const time = 1_700_000_000 + (at === 1 ? 2 : at === 0 ? 1 : 0)
    utimesSync(join(folder, 'results', name, 'manifest.json'), time, time)
  }
  expect((await reportIn(folder)).out).toContain('Report of identifier-new in results/new/report.html')
})

test('a folder of several environments: one is named, and the pages do not overwrite one another', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  for (const identifier of ['one', 'two']) writeCase(folder, identifier, `${identifier}_manifest.json`)
  await expect(reportIn(folder, { dir: '.' })).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringMatching(/2 manifests.* name an environment with --environment$/),
  })
  await reportIn(folder, { dir: '.', identifier: 'two' })
  expect(readdirSync(folder)).toContain('two_report.html')
})

test('a folder without evidence becomes a page that says so; one of several runs is refused with a name', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  expect((await reportIn(folder, { dir: '.' })).out).toContain('Report without evidence in report.html')
  rmSync(join(folder, 'report.html'))
  writeCase(join(folder, 'a run'), 'one')
  await expect(reportIn(folder, { dir: '.' })).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('name one, such as a run'),
  })
  expect(readdirSync(folder)).toEqual(['a run'])
})

test.each([
  ['nowhere', {}, 'FILE_UNREADABLE', 'nowhere cannot be read'],
  ['file', {}, 'FILE_UNREADABLE', 'file is not a folder'],
  ['broken', {}, 'FILE_UNREADABLE', 'broken: manifest.json is not JSON'],
  ['newer', {}, 'FILE_UNREADABLE', 'use a newer one'],
  ['.', { out: 'nowhere/page.html' }, 'RESULTS_UNWRITABLE', 'name another file with --out'],
  ['.', { out: 'file/page.html' }, 'RESULTS_UNWRITABLE', 'name another file with --out'],
  ['.', { out: 'broken' }, 'RESULTS_UNWRITABLE', 'it is not a file'],
])('%s, %j: %s', async (dir, options, code, message) => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  writeFileSync(join(folder, 'file'), '')
  for (const [name, text] of [
    ['broken', '{'],
    ['newer', '{ "format": "see-evidence", "version": 3 }'],
  ] as const) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'manifest.json'), text)
  }
  const names = readdirSync(folder, { recursive: true })
  await expect(reportIn(folder, { dir, ...options })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  })
  expect(readdirSync(folder, { recursive: true })).toEqual(names)
})

test.each(['report.html', 'manifest.json', 'two_manifest.json', 'listed.html', 'notes.txt'])(
  'a page is never in the place of %s that is no page',
  async (name) => {
    await using temporary = await temporaryFolder()
    const folder = temporary.path
    const lost = { path: 'listed.html', kind: 'analysis_output', event: null, writer: 'A', from: 0, to: 0 }
    const facts = { bytes: 1, sha256: null, state: 'complete', media_type: 'text/html' }
    writeCase(join(folder, 'one'), 'one', 'manifest.json', [{ ...lost, ...facts }])
    for (const own of ['report.html', 'notes.txt']) writeFileSync(join(folder, 'one', own), 'of a hook')
    const names = readdirSync(join(folder, 'one'))
    const out = join('one', name)
    await expect(reportIn(folder, { dir: 'one', out })).rejects.toMatchObject({
      code: 'RESULTS_UNWRITABLE',
      message: expect.stringMatching(/(?:no page of SEE|a file of the evidence); name another file/),
    })
    expect(readdirSync(join(folder, 'one'))).toEqual(names)
    expect(readFileSync(join(folder, 'one', 'report.html'), 'utf8')).toBe('of a hook')
  },
)

test.each([
  ['../../escaped', 'separator of paths'],
  ['thre', 'has no environment thre: it has one, two'],
])('the environment %s: %s', async (identifier, message) => {
  await using temporary = await temporaryFolder()
  for (const name of ['one', 'two']) writeCase(temporary.path, name, `${name}_manifest.json`)
  const names = readdirSync(temporary.path)
  await expect(reportIn(temporary.path, { dir: '.', identifier })).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(message),
  })
  expect(readdirSync(temporary.path)).toEqual(names)
})
