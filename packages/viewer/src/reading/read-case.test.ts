import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CaseInMemory, IDENTIFIER, STARTED } from '../testing/case-in-memory.ts'
import { fullCase } from '../testing/full-case.ts'
import { readCase } from './read-case.ts'

const VERSION_1 = '00000000-0000-4000-8000-000000000001'
const fixture = fileURLToPath(new URL(`../../../evidence/fixtures/version-1/${VERSION_1}`, import.meta.url))

test('every kind of evidence becomes rows on one clock', async () => {
  const { index, pictures } = await readCase(fullCase())
  expect(index).toMatchObject({
    identifier: IDENTIFIER,
    started: STARTED,
    duration: 9000,
    version: 2,
    complete: true,
    missing: [],
    notReady: null,
  })
  expect(index.events.map(({ name, t, end, parent }) => [name, t, end, parent])).toEqual([
    ['pre_poweron', 100, 150, null],
    ['network_tracing_started', 120, 120, 1],
    ['event', 3000, 3500, null],
    ['snapshots_capture', 5000, 5000, null],
    ['wait_analysis', 9000, 9000, null],
  ])
  expect(index.handlers.map(({ event, t, end, error }) => [event, t, end, error])).toEqual([
    [1, 110, 150, null],
    [3, 3001, 3500, 'error'],
  ])
  expect(index.commands).toEqual([
    expect.objectContaining({
      t: 3000,
      end: 5500,
      what: 'command',
      outcome: 'exit code 7',
      stdout: { text: 'stdout', beyond: 0 },
      stderr: { text: 'stderr', beyond: 0 },
    }),
  ])
  expect(index.conversations).toEqual([
    expect.objectContaining({ t: 4000, end: 6000, destination: '198.51.100.2:80', names: 'dns name, host' }),
  ])
  expect(index.requests.map(({ protocol, what, t }) => [protocol, what, t])).toEqual([
    ['dns', 'A sunk name', 4000],
    ['https', 'GET /sunk uri', 4200],
    ['tcp', '4 bytes', 4300],
    ['tcp', 'refused', 4400],
    ['dns', 'A dns name', null],
    ['http', 'method host/uri', null],
    ['tls', 'tls name', null],
  ])
  // A time that is outside of the case is the guest's clock being wrong.
  expect(index.changes.map(({ change, path, t }) => [change, path, t])).toEqual([
    ['created', '/created', 4500],
    ['modified', '/modified', null],
    ['deleted', '/deleted', null],
  ])
  expect(index.registry).toEqual([
    expect.objectContaining({ change: 'modified', key: 'key', data: 'REG_SZ registry data' }),
  ])
  // At the time of what was scanned.
  expect(index.matches).toEqual([expect.objectContaining({ rule: 'rule', scanned: 'memory.elf', t: 7000 })])
  expect(index.consoles).toEqual([
    expect.objectContaining({ t: 500, end: 9000, text: { text: 'console', beyond: 0 } }),
  ])
  expect(index.attempts).toEqual([expect.objectContaining({ target: 'lan', verdict: 'as expected' })])
  expect(index.rate?.packets.reduce((sum, each) => sum + each, 0)).toBe(3)
  expect(pictures).toHaveLength(1)
  expect(index.screens.map(({ picture, why }) => [picture, why])).toEqual([
    [0, null],
    [null, 'it is no PNG, or too large to be shown'],
  ])
  expect(index.indicators).toContainEqual({ kind: 'url', value: 'http://host/uri', from: 'http' })
  expect(index.indicators).toContainEqual({ kind: 'sha1', value: 'b'.repeat(40), from: 'created file' })
})

test('what a browser might run, and what a guest named, is not linked to', async () => {
  const { index } = await readCase(fullCase().add('x-own', 'own.json', {}))
  const linked = index.files.filter((file) => file.linked).map(({ path }) => path)
  expect(linked).toContain('trace.pcap')
  expect(linked).toContain('command_1.stdout')
  expect(linked).not.toContain('extracted/1_evil.html')
  expect(linked).not.toContain('own.json')
})

test('a file that is missing, changed or was being written is reported', async () => {
  const changed = fullCase()
  changed.files.set('command_1.stdout', new TextEncoder().encode('STDOUT'))
  changed.files.set('console.log', new TextEncoder().encode('longer than it was'))
  changed.files.delete('yara.json')
  changed.add('network_log', 'growing.log', 'a', { bytes: null, sha256: null, to: null, state: 'growing' })
  const { index } = await readCase(changed)
  const checks = Object.fromEntries(index.files.map(({ path, check }) => [path, check]))
  expect(checks).toMatchObject({
    'run.json': 'same',
    'command_1.stdout': 'differs',
    'console.log': 'differs',
    'yara.json': 'gone',
    'memory.elf': 'unhashed',
    'growing.log': 'growing',
  })
  expect(index.missing).toEqual(
    expect.arrayContaining([
      'yara.json, which the manifest names',
      'command_1.stdout as it was written: its size or SHA-256 is not that of the manifest',
    ]),
  )
  expect(index.matches).toEqual([])
})

test('a killed run: no run.json, a handler without an end', async () => {
  const killed = new CaseInMemory()
  killed.complete = false
  const [version, event] = new TextDecoder().decode(fullCase().files.get('timeline.jsonl')).split('\n')
  const start = { type: 'handler_start', sequence: 1, run: 1, handler: 'a#b', asynchronous: false }
  const line = JSON.stringify({ ...start, timestamp: STARTED, t: 110 })
  killed.add('timeline', 'timeline.jsonl', `${version}\n${event}\n${line}\n{"type":"ha`, {
    bytes: null,
    sha256: null,
    to: null,
    state: 'growing',
  })
  const { index } = await readCase(killed)
  expect(index).toMatchObject({ complete: false, head: null })
  expect(index.events).toEqual([expect.objectContaining({ t: 100, end: null })])
  expect(index.handlers).toEqual([expect.objectContaining({ t: 110, end: null })])
  expect(index.missing).toContain('the end of the run: it was killed, or goes on')
})

test('a record that is not what its kind holds is reported, and the others are read', async () => {
  const { index } = await readCase(fullCase().add('yara_matches', 'broken.json', '{'))
  expect(index.missing).toEqual(['broken.json is not JSON: it may have been cut short'])
  expect(index.matches).toHaveLength(1)
})

test('lines of a timeline and of requests that cannot be read are reported', async () => {
  const broken = new CaseInMemory().add('timeline', 'timeline.jsonl', 'x\n')
  const { index } = await readCase(broken.add('sinkhole_requests', 'sinkhole.jsonl', 'y\n'))
  expect(index.missing).toEqual([
    'line 1 of timeline.jsonl, which is not JSON',
    'the first line of timeline.jsonl, which says when it began',
    'line 1 of sinkhole.jsonl, which is not JSON',
  ])
})

test('what YARA skipped is among the warnings', async () => {
  const skipped = [{ file: '/results/link', why: 'it is a link' }]
  const scan = { scanned: [], skipped, matches: [], warnings: [] }
  const { index } = await readCase(new CaseInMemory().add('yara_matches', 'yara.json', scan))
  expect(index.warnings).toEqual([{ code: 'not scanned', what: '/results/link', why: 'it is a link' }])
})

test('a handler whose beginning is lost has a row', async () => {
  const ended = { type: 'handler_end', sequence: 1, run: 1, handler: 'a#b', asynchronous: false }
  const line = { ...ended, timestamp: STARTED + 150, t: 150, durationMs: 40, error: 'no luck' }
  const { index } = await readCase(new CaseInMemory().add('timeline', 'timeline.jsonl', [line]))
  expect(index.handlers).toEqual([expect.objectContaining({ t: 110, end: 150, error: 'no luck' })])
})

test('a folder without evidence', async () => {
  const { index, pictures } = await readCase({
    list: () => Promise.resolve([]),
    read: () => Promise.resolve(undefined),
  })
  expect(index).toMatchObject({ version: null, events: [], files: [] })
  expect(index.missing).toEqual([expect.stringMatching(/evidence/)])
  expect(pictures).toEqual([])
})

test('a folder of version 1', async () => {
  const { index, pictures } = await readCase({
    list: () => {
      const entries = readdirSync(fixture, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile())
      return Promise.resolve(
        files.map(({ parentPath, name }) => {
          const path = `${parentPath}/${name}`
          return { path: path.slice(fixture.length + 1), bytes: readFileSync(path).length }
        }),
      )
    },
    read: (path, most) => Promise.resolve(readFileSync(`${fixture}/${path}`).subarray(0, most)),
  })
  expect(index).toMatchObject({ identifier: VERSION_1, version: 1, complete: true })
  expect(index.missing).toContain('hashes, which version 1 of the format does not have')
  expect(index.conversations.map(({ names }) => names)).toContain('c2.hello-malware.test')
  expect(index.indicators).toContainEqual({
    kind: 'url',
    value: expect.stringMatching(/^http:\/\/c2\.hello-malware\.test\/task/),
    from: 'http',
  })
  expect(pictures).toHaveLength(2)
})

test('whatever is beyond a bound is left out and counted', async () => {
  const many = fullCase()
  many.add('console', 'long.log', 'x'.repeat(300 * 1024))
  many.add('sinkhole_requests', 'flood.jsonl', [
    ...Array.from({ length: 20_100 }, () => ({
      kind: 'ping',
      time: new Date(STARTED + 10).toISOString(),
      address: '10.0.0.1',
    })),
    { kind: 'refused', time: '', address: 'y'.repeat(10_000), port: 1, what: 'z'.repeat(10_000) },
  ])
  const { index } = await readCase(many)
  expect(index.omitted).toEqual(
    expect.arrayContaining([
      { what: 'requests to the sinkhole', count: 105 },
      { what: 'bytes of outputs and consoles', count: 44 * 1024 },
      { what: 'pictures of the screen', count: 1 },
    ]),
  )
  expect(JSON.stringify(index).length).toBeLessThan(5 * 1024 * 1024)
})
