import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { ManifestFile } from '../manifest/manifest-file.ts'
import { manifestSchema } from '../manifest/manifest.ts'
import { readEvidence } from '../reading/read-evidence.ts'
import { readFile } from '../reading/read-file.ts'
import { FolderInMemory } from '../testing/folder-in-memory.ts'
import { namedFile } from './named-file.ts'

// What a real run of examples/hello-malware left, without its memory dump and disk checkpoint, which are large.
const identifier = '00000000-0000-4000-8000-000000000001'
const fixture = fileURLToPath(new URL(`../../fixtures/version-1/${identifier}`, import.meta.url))
const folder = () => FolderInMemory.of(fixture)
const timelinePath = `${identifier}_timeline.jsonl`

test('a folder of version 1 gets a manifest, which is valid', async () => {
  const { version, manifest, missing } = await readEvidence(folder())
  expect(version).toBe(1)
  expect(manifestSchema.parse(manifest)).toEqual(manifest)
  expect(manifest).toMatchObject({ identifier, complete: true, created: '2026-11-28T05:54:06.048Z' })
  const kinds = manifest.files.map(({ kind, path }) => [path.replace(identifier, ''), kind])
  expect(Object.fromEntries(kinds)).toEqual({
    'run.json': 'run_report',
    '.pcap': 'network_trace',
    '_command_1.json': 'command_record',
    '_command_1.stderr': 'command_stderr',
    '_command_1.stdout': 'command_stdout',
    '_console.log': 'console',
    '_extracted_files/1_hosts': 'extracted_file',
    '_extracted_files/2_S99hello': 'extracted_file',
    '_extracted_files/3_machine-id': 'extracted_file',
    '_extracted_files/4_resolv.conf': 'extracted_file',
    '_extracted_files/5_README-HELLO.txt': 'extracted_file',
    '_extracted_files/6_see-b266de0affbf.sh': 'extracted_file',
    '_extracted_files/7_hello-implant': 'extracted_file',
    '_filesystem.json': 'disk_changes',
    '_ip_address.png': 'screenshot',
    '_network.json': 'network_summary',
    '_network.log': 'network_log',
    '_snapshots_capture.png': 'screenshot',
    '_timeline.jsonl': 'timeline',
    '_yara.json': 'yara_matches',
  })
  expect(missing).toEqual([
    `${identifier}_post_shutdown.qcow2, which run.json names`,
    `${identifier}_snapshots_capture.elf, which run.json names`,
    'hashes, which version 1 of the format does not have',
  ])
})

test('its files have their writers, what they belong to, and the events at which they were taken', async () => {
  const { manifest, timeline } = await readEvidence(folder())
  const at = (name: string): ManifestFile | undefined =>
    manifest.files.find(({ path }) => path === `${identifier}${name}`)
  const event = timeline?.lines.find((line) => line.type === 'event' && line.name === 'snapshots_capture')
  expect(at('_snapshots_capture.png')).toEqual({
    kind: 'screenshot',
    path: `${identifier}_snapshots_capture.png`,
    bytes: 1646,
    sha256: null,
    media_type: 'image/png',
    event: { name: 'snapshots_capture', sequence: event?.sequence },
    from: event?.timestamp,
    to: event?.timestamp,
    writer: 'ScreenHook',
    state: 'complete',
  })
  expect(at('_command_1.stdout')).toMatchObject({
    of: `${identifier}_command_1.json`,
    writer: 'CommandsHook',
  })
  expect(at('_extracted_files/1_hosts')?.of).toBe(`${identifier}_filesystem.json`)
  expect(at('_yara.json')?.from).toBe(timeline?.version?.timestamp)
})

test('every file of a described kind is read as it is', async () => {
  const source = folder()
  const { manifest } = await readEvidence(source)
  const described = manifest.files.filter(({ kind }) => kind !== 'timeline')
  const read = await Promise.all(described.map((file) => readFile(source, file)))
  const known = read.filter((each) => each !== undefined)
  expect(known.map(({ kind }) => kind).toSorted()).toEqual([
    'command_record',
    'disk_changes',
    'network_summary',
    'run_report',
    'yara_matches',
  ])
  for (const [index, each] of read.entries()) {
    if (each === undefined) continue
    const bytes = source.files.get(described[index]?.path ?? '')
    expect(each.value).toEqual(JSON.parse(new TextDecoder().decode(bytes)))
  }
})

test('its timeline has the same events in the order in which they were fired, with their handlers', async () => {
  const { timeline } = await readEvidence(folder())
  const lines = timeline?.lines ?? []
  const events = lines.filter((line) => line.type === 'event')
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  expect(events.slice(0, 3).map(({ name, parent }) => [name, parent])).toEqual([
    ['pre_poweron', undefined],
    ['network_tracing_started', 1],
    ['post_poweron', undefined],
  ])
  const started = lines.filter((line) => line.type === 'handler_start')
  const ended = lines.filter((line) => line.type === 'handler_end')
  expect(ended).toHaveLength(started.length)
  const tracer = ended.find(({ handler }) => handler === '@see/hooks#NetworkTracerHook.startTrace')
  expect(tracer).toMatchObject({ sequence: 1, run: 1, durationMs: 30.041, t: 30.041 })
  // It ended when the guest did, long after its event.
  const consoleLog = ended.find(({ handler }) => handler === '@see/hooks#ConsoleHook.logConsole')
  expect(consoleLog?.t).toBeGreaterThan(10_000)
  const nested = lines.findIndex((line) => line.type === 'event' && line.sequence === 2)
  expect(lines.findIndex((line) => line.type === 'handler_start' && line.sequence === 1)).toBeLessThan(nested)
  expect(lines.findIndex((line) => line.type === 'handler_end' && line.sequence === 1)).toBeGreaterThan(
    nested,
  )
  expect(timeline?.missing).toEqual([
    'the monotonic clock of the timeline, and when its handlers began: both are computed',
  ])
})

test('of a killed run what there is is read, and what is missing is said', async () => {
  const source = folder()
  source.files.delete('run.json')
  const whole = source.files.get(timelinePath) ?? new Uint8Array()
  source.files.set(timelinePath, whole.subarray(0, 2000))
  const { manifest, timeline, missing } = await readEvidence(source)
  expect(manifest).toMatchObject({ identifier, complete: false })
  const growing = manifest.files.filter(({ state }) => state === 'growing').map(({ kind }) => kind)
  expect(growing.toSorted()).toEqual([
    'command_stderr',
    'command_stdout',
    'console',
    'network_trace',
    'timeline',
  ])
  expect(timeline?.lines.length).toBeGreaterThan(5)
  expect(timeline?.missing[0]).toBe(`the last line of ${timelinePath}, which was cut short`)
  expect(missing[0]).toBe('the end of the run: there is no run.json, so it may have been killed')
})

test('a folder of several environments is read by the identifier of one', async () => {
  const source = new FolderInMemory()
  const event = {
    type: 'event',
    sequence: 1,
    name: 'a',
    origin: 'b',
    timestamp: 5,
    attributes: {},
    handlers: [],
  }
  for (const each of ['one', 'two']) source.write(`${each}_timeline.jsonl`, `${JSON.stringify(event)}\n`)
  source.write('two_console.log', 'boot')
  source.write('notes.txt', 'mine')
  await expect(readEvidence(source)).rejects.toMatchObject({
    code: 'EVIDENCE_UNCLEAR',
    message: 'the folder has the evidence of 2 environments; name one of one, two',
  })
  const { manifest } = await readEvidence(source, 'two')
  expect(manifest.files.map(({ path }) => path)).toEqual(['two_timeline.jsonl', 'two_console.log'])
  await expect(readEvidence(source, 'three')).rejects.toMatchObject({ code: 'EVIDENCE_ABSENT' })
  await expect(readEvidence(new FolderInMemory())).rejects.toMatchObject({ code: 'EVIDENCE_ABSENT' })
})

test.each([
  ['_console_2.log', 'console', 'ConsoleHook', undefined],
  ['_filesystem_3.vdb.json', 'disk_changes', 'DiskStateAnalyser', undefined],
  ['_extracted_files_3.vdb/1_a', 'extracted_file', 'DiskStateAnalyser', '_filesystem_3.vdb.json'],
  ['_2.pcap', 'network_trace', 'NetworkTracerHook', undefined],
  ['_2_sinkhole.jsonl', 'sinkhole_requests', 'NetworkTracerHook', undefined],
  ['_analysis_12.stdout', 'analysis_stdout', 'AnalyserHook', '_analysis_12.json'],
  ['_analysis_12/a/b', 'analysis_output', 'AnalyserHook', '_analysis_12.json'],
  ['_volatility_linux.pslist_1.json', 'analysis_record', 'VolatilityHook', undefined],
  ['_post_pause_2.kdump', 'memory_dump', 'MemoryHook', undefined],
  ['_post_shutdown.vdb.qcow2', 'disk_checkpoint', 'DiskCheckPointHook', undefined],
  ['_halfway.ppm', 'screenshot', 'ScreenHook', undefined],
])('%s is %s of %s', (name, kind, writer, of) => {
  const named = namedFile(`one${name}`, 'one')
  expect(named).toMatchObject({ kind, writer })
  expect(named?.of).toBe(of === undefined ? undefined : `one${of}`)
})

test.each(['one_notes.txt', 'two_console.log', 'one', 'manifest.json', '.run.json.reserve'])(
  '%s is nothing',
  (path) => {
    expect(namedFile(path, 'one')).toBeUndefined()
  },
)

function tick(sequence: number, error?: string): object {
  return {
    type: 'event',
    sequence,
    name: 'tick',
    origin: 'b',
    timestamp: sequence * 10,
    attributes: {},
    handlers: [
      { handler: '@see/hooks#ScreenHook.captureScreenshot', asynchronous: false, durationMs: 1, error },
    ],
  }
}

test('the second file of an event is of its second firing; of a hook that failed it is not known which', async () => {
  const source = new FolderInMemory()
  const timeline = (...lines: object[]) =>
    source.write('one_timeline.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  source.write('one_tick_2.png', 'picture')
  timeline(tick(1), tick(2))
  const shot = async () =>
    (await readEvidence(source)).manifest.files.find(({ kind }) => kind === 'screenshot')
  expect(await shot()).toMatchObject({ event: { name: 'tick', sequence: 2 }, from: 20, to: 20 })
  timeline(tick(1, 'no picture'), tick(2), tick(3))
  expect(await shot()).toMatchObject({ event: null, from: 10, to: 30 })
})
