import { expect, test } from 'vitest'
import { FolderInMemory } from '../testing/folder-in-memory.ts'
import { readEvidence } from './read-evidence.ts'

const entry = {
  kind: 'console',
  path: 'one_console.log',
  bytes: 4,
  sha256: 'a'.repeat(64),
  media_type: 'text/plain',
  event: null,
  from: 1,
  to: 2,
  writer: 'ConsoleHook',
  state: 'complete',
}
const timelineEntry = {
  ...entry,
  kind: 'timeline',
  path: 'one_timeline.jsonl',
  state: 'growing',
  bytes: null,
}
const versionLine = { type: 'see-timeline', version: 2, identifier: 'one', timestamp: 1, monotonic: 5 }

function manifestOf(identifier: string, files: readonly object[], complete = true) {
  return { format: 'see-evidence', version: 2, identifier, created: '2026-01-02T03:04:05Z', complete, files }
}

function folderOf(files: readonly object[], complete = true): FolderInMemory {
  const folder = new FolderInMemory()
  folder.write('one_console.log', 'boot')
  folder.write('one_timeline.jsonl', `${JSON.stringify(versionLine)}\n`)
  folder.write('manifest.json', manifestOf('one', files, complete))
  return folder
}

test('a whole folder is read, and lacks nothing', async () => {
  const bytes = JSON.stringify(versionLine).length + 1
  const files = [entry, { ...timelineEntry, state: 'complete', bytes }]
  expect(await readEvidence(folderOf(files))).toEqual({
    version: 2,
    manifest: manifestOf('one', files),
    timeline: { version: versionLine, lines: [], missing: [] },
    missing: [],
  })
})

test('a run that was killed lacks its end, and that of each file that was being written', async () => {
  const folder = folderOf(
    [{ ...entry, bytes: null, sha256: null, to: null, state: 'growing' }, timelineEntry],
    false,
  )
  folder.write('one_timeline.jsonl', `${JSON.stringify(versionLine)}\n{"type":"event","seq`)
  const { timeline, missing } = await readEvidence(folder)
  expect(missing).toEqual([
    'the end of the run: it was killed, or goes on',
    'the end of one_console.log, which was being written and has 4 bytes',
    expect.stringMatching(/^the end of one_timeline\.jsonl, which was being written and has \d+ bytes$/),
    'the last line of one_timeline.jsonl, which was cut short',
  ])
  expect(timeline?.missing).toEqual(['the last line of one_timeline.jsonl, which was cut short'])
})

test('files that are gone, changed or incomplete are said to be', async () => {
  const files = [
    { ...entry, bytes: 400 },
    { ...entry, path: 'one_gone.png' },
    { ...entry, state: 'incomplete' },
  ]
  expect((await readEvidence(folderOf(files))).missing).toEqual([
    'one_console.log as it was: it had 400 bytes and has 4',
    'one_gone.png, which the manifest names',
    'a part of one_console.log, which its writer calls incomplete',
  ])
})

test('a timeline that cannot be read does not keep the rest from being read', async () => {
  const folder = folderOf([timelineEntry])
  folder.write('one_timeline.jsonl', `${JSON.stringify({ ...versionLine, version: 9 })}\n`)
  const { timeline, missing } = await readEvidence(folder)
  expect(timeline).toBeUndefined()
  expect(missing).toContainEqual(expect.stringContaining('use a newer one'))
})

test('a folder that environments share has a manifest for each', async () => {
  const folder = new FolderInMemory()
  for (const each of ['one', 'two']) folder.write(`${each}_manifest.json`, manifestOf(each, []))
  expect((await readEvidence(folder, 'two')).manifest.identifier).toBe('two')
  await expect(readEvidence(folder)).rejects.toMatchObject({ code: 'EVIDENCE_UNCLEAR' })
  await expect(readEvidence(folder, 'three')).rejects.toMatchObject({ code: 'EVIDENCE_ABSENT' })
})

test('a damaged manifest is an error, and no reason to guess', async () => {
  const folder = folderOf([])
  folder.write('manifest.json', '{"format":"see-evi')
  await expect(readEvidence(folder)).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' })
})
