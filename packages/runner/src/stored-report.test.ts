import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { simulatedFactory } from '@see/core/testing'
import { parseEvidence, readEvidence, type StoredRunReport } from '@see/evidence'
import { expect, expectTypeOf, test } from 'vitest'
import type { Protocol } from './protocol/protocol.ts'
import { folderSource } from './report/folder-source.ts'
import type { RunReport } from './report/run-report.ts'
import { runCase } from './run-case.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const resources = simulatedFactory()

async function caseIn(folder: string, protocol: Protocol) {
  const { report, exitCode } = await runCase({ resources, results: folder, protocol })
  return { report, exitCode, results: report.results_folder ?? '' }
}

test('the folder of a case is read as it was written: the manifest names every file, run.json among them', async () => {
  await using folder = await temporaryFolder()
  const before = Date.now()
  const { report, results } = await caseIn(folder.path, async (context) => {
    await context.poweron()
    await context.trigger('snapshots_capture')
    await context.trigger('run_command', { command: 'true' })
    await context.poweroff()
  })
  const { version, manifest, timeline, missing } = await readEvidence(folderSource(results))
  expect({ version, missing }).toEqual({ version: 2, missing: [] })
  expect(timeline?.missing).toEqual([])
  expect(manifest).toMatchObject({ identifier: report.identifier, complete: true })
  const listed = manifest.files.map(({ path }) => path)
  expect(listed.toSorted()).toEqual([...report.files.map(({ path }) => path), 'run.json'].toSorted())
  const text = await readFile(join(results, 'run.json'))
  const entry = manifest.files.find(({ kind }) => kind === 'run_report')
  expect(entry).toMatchObject({ path: 'run.json', bytes: text.length, writer: 'runCase', state: 'complete' })
  expect(entry?.sha256).toBe(createHash('sha256').update(text).digest('hex'))
  expect(entry?.from).toBeGreaterThanOrEqual(before)
  expect((await stat(join(results, 'manifest.json'))).mode & 0o777).toBe(0o600)
})

test('run.json is what its schema says, whatever happened', async () => {
  expectTypeOf<RunReport>().toExtend<DeepReadonly<StoredRunReport>>()
  await using folder = await temporaryFolder()
  const { report, exitCode } = await caseIn(folder.path, async (context) => {
    context.subscribe('post_poweron', () => Promise.reject(new Error('no luck')))
    await context.poweron()
    throw new AggregateError([new Error('one'), new AggregateError([new Error('two')], 'more')], 'both')
  })
  expect(exitCode).toBe(2)
  const bytes = Buffer.from(JSON.stringify(report))
  expect(parseEvidence('run_report', bytes).value).toEqual(JSON.parse(bytes.toString()))
})

type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value
