import { createHash } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, type EventOf, Hook, z } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { parseManifest } from '@see/evidence'
import { expect, test } from 'vitest'
import { manifestFiles, readManifest } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { EvidenceWriter } from './evidence-writer.ts'
import { resultsKey } from './results-key.ts'

const schema = z.object({ results_folder: resultsKey('the notes') })

class NotesHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    await this.evidence.open()
    made.push(this.evidence)
  }
}
const made: EvidenceWriter[] = []

function lastMade(): EvidenceWriter {
  const writer = made.at(-1)
  if (writer === undefined) throw new Error('no hook was set up')
  return writer
}

const kind = 'x-notes'
const sum = (text: string) => createHash('sha256').update(text).digest('hex')

async function allocate(folder: string, options = {}) {
  const hooks = { configuration: { results_folder: folder }, hooks: [{ hook: NotesHook }] }
  const environment = await Environment.allocate(simulatedFactory(), hooks, options)
  const written: EventOf<'evidence_written'>[] = []
  environment.context.subscribe('evidence_written', (event) => void written.push(event))
  return { environment, context: environment.context, evidence: lastMade(), written }
}

test('a whole file is named after the environment, in the manifest and announced', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, evidence, written } = await allocate(temporary.path)
  context.subscribe('post_poweron', async (event) => {
    await evidence.write({ kind, name: 'notes', extension: 'txt', mediaType: 'text/plain', event }, 'seen')
  })
  const before = Date.now()
  await context.poweron()
  await environment.deallocate()
  const manifest = await readManifest(temporary.path)
  expect(manifest).toMatchObject({ identifier: environment.identifier, complete: true })
  const facts = { kind, bytes: 4, sha256: sum('seen'), media_type: 'text/plain', writer: 'NotesHook' }
  const path = `${environment.identifier}_notes.txt`
  expect(manifest.files).toEqual([
    {
      ...facts,
      path,
      event: { name: 'post_poweron', sequence: 2 },
      from: expect.any(Number),
      to: expect.any(Number),
      state: 'complete',
    },
  ])
  expect(manifest.files[0]?.from).toBeGreaterThanOrEqual(before)
  expect(await readFile(join(temporary.path, path), 'utf8')).toBe('seen')
  expect(written).toMatchObject([{ ...facts, path: join(temporary.path, path), state: 'complete' }])
})

test('a folder named after the environment holds manifest.json', async () => {
  await using temporary = await temporaryFolder()
  const identifier = '2a7c4d6e-0d5f-4f0e-9a39-5f9dbb3d2f10'
  const folder = join(temporary.path, identifier)
  const { environment, evidence } = await allocate(folder, { identifier })
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await environment.deallocate()
  expect((await readdir(folder)).toSorted()).toEqual([`${identifier}_notes.txt`, 'manifest.json'])
})

test('nothing is written where no hook writes', async () => {
  await using temporary = await temporaryFolder()
  const { environment } = await allocate(temporary.path)
  await environment.deallocate()
  expect(await readdir(temporary.path)).toEqual([])
})

test('hooks that share a folder share names and the manifest', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { results_folder: temporary.path }
  const hooks = [{ hook: NotesHook }, { hook: NotesHook }]
  const environment = await Environment.allocate(simulatedFactory(), { configuration, hooks })
  for (const writer of made.slice(-2)) {
    await writer.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  }
  await environment.deallocate()
  expect(Object.keys(await manifestFiles(temporary.path))).toEqual(['notes.txt', 'notes_2.txt'])
})

test('a killed run leaves a manifest that says what grows', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence } = await allocate(temporary.path)
  await evidence.write({ kind, name: 'whole', extension: 'txt' }, 'x')
  const path = evidence.claim('log', { extensions: ['txt'] }).path('txt')
  const log = evidence.entry(path, { kind })
  log.begin()
  await expect
    .poll(() => manifestFiles(temporary.path))
    .toMatchObject({
      'whole.txt': { state: 'complete' },
      'log.txt': { state: 'growing', bytes: null, sha256: null, to: null },
    })
  expect((await readManifest(temporary.path)).complete).toBe(false)
  await environment.deallocate()
})

test('a file that was not ended is incomplete once the environment is gone', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence, written } = await allocate(temporary.path)
  evidence.entry(evidence.claim('log', { extensions: ['txt'] }).path('txt'), { kind }).begin()
  await environment.deallocate()
  expect(await manifestFiles(temporary.path)).toMatchObject({ 'log.txt': { state: 'incomplete' } })
  expect((await readManifest(temporary.path)).complete).toBe(true)
  expect(written).toEqual([])
})

test('a file is hashed as it grows', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence, written } = await allocate(temporary.path)
  const log = evidence.entry(evidence.claim('log', { extensions: ['txt'] }).path('txt'), { kind })
  log.begin()
  for (const part of ['one', 'two']) {
    await appendFile(log.path, part)
    log.pass(Buffer.from(part))
  }
  log.end()
  expect(written).toMatchObject([{ path: log.path, bytes: 6, sha256: sum('onetwo') }])
  await environment.deallocate()
})

test('what is in the file counts, not what passed, where they differ', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence, written } = await allocate(temporary.path)
  const log = evidence.entry(evidence.claim('log', { extensions: ['txt'] }).path('txt'), { kind })
  await writeFile(log.path, 'there before, and one')
  log.pass(Buffer.from('one'))
  log.end('incomplete')
  await environment.deallocate()
  const facts = { bytes: 21, sha256: sum('there before, and one'), state: 'incomplete' }
  expect(await manifestFiles(temporary.path)).toMatchObject({ 'log.txt': facts })
  expect(written).toMatchObject([facts])
})

test('a file that another wrote is hashed beside the case, before its hook’s clean-up ends', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence, written } = await allocate(temporary.path)
  const dump = evidence.entry(evidence.claim('dump', { extensions: ['elf'] }).path('elf'), { kind })
  const content = 'x'.repeat(5_000_000)
  await writeFile(dump.path, content)
  dump.endUnread()
  expect(written).toEqual([])
  await evidence.settled()
  expect(written).toMatchObject([{ bytes: 5_000_000, sha256: sum(content) }])
  await environment.deallocate()
})

test('a file that was removed is not in the manifest', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence } = await allocate(temporary.path)
  await evidence.write({ kind, name: 'kept', extension: 'txt' }, 'x')
  const dump = evidence.entry(evidence.claim('dump', { extensions: ['elf'] }).path('elf'), { kind })
  await writeFile(dump.path, 'x')
  dump.endUnread()
  await dump.remove()
  await environment.deallocate()
  expect(Object.keys(await manifestFiles(temporary.path))).toEqual(['kept.txt'])
  expect(await readdir(temporary.path)).toHaveLength(2)
})

test('a thousand files at the same time cost few writes of the manifest, and it is whole at any time', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence } = await allocate(temporary.path)
  const path = join(temporary.path, `${environment.identifier}_manifest.json`)
  const seen = new Set<number>()
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      const bytes = await readFile(path).catch(() => undefined)
      if (bytes !== undefined) seen.add(parseManifest(bytes).files.length)
    }
  })()
  const names = Array.from({ length: 1000 }, (_, index) => `note_${index}`)
  await Promise.all(names.map((name) => evidence.write({ kind, name, extension: 'txt' }, name)))
  await environment.deallocate()
  over.abort()
  await watching
  expect((await readManifest(temporary.path)).files).toHaveLength(1000)
  expect(seen.size).toBeLessThan(200)
})

test('what is written at evidence_written fires no other', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, evidence, written } = await allocate(temporary.path)
  context.subscribe('evidence_written', async (event) => {
    await evidence.write({ kind, name: 'of_evidence', extension: 'txt', event }, 'x')
  })
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await context.settled()
  await environment.deallocate()
  expect(context.failures).toEqual([])
  expect(written).toHaveLength(1)
  expect(Object.keys(await manifestFiles(temporary.path))).toEqual(['notes.txt', 'of_evidence.txt'])
})

test('who writes does not wait for handlers of evidence_written', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, evidence } = await allocate(temporary.path)
  const log: string[] = []
  context.subscribe('evidence_written', async () => {
    await sleep(50)
    log.push('handled')
  })
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  log.push('written')
  await environment.deallocate()
  expect(log).toEqual(['written', 'handled', 'handled'])
})

test('a folder that is gone fails the write, and no event and no end', async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'results')
  const { environment, context, evidence } = await allocate(folder)
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await rename(folder, join(temporary.path, 'elsewhere'))
  const writing = evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await expect(writing).rejects.toMatchObject({ code: 'RESULTS_LOST' })
  await context.poweron()
  expect(context.failures).toEqual([])
  await environment.deallocate()
})

test('a manifest that cannot be written at the end fails the environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence } = await allocate(temporary.path)
  await mkdir(join(temporary.path, `${environment.identifier}_manifest.json`))
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await expect(environment.deallocate()).rejects.toMatchObject({ errors: [{ code: 'RESULTS_LOST' }] })
})

test('a manifest that could not be written for a while is written with the next file', async () => {
  await using temporary = await temporaryFolder()
  const { environment, evidence } = await allocate(temporary.path)
  const path = join(temporary.path, `${environment.identifier}_manifest.json`)
  await mkdir(path)
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'x')
  await expect.poll(() => readdir(temporary.path)).toHaveLength(2)
  await rm(path, { recursive: true })
  await evidence.write({ kind, name: 'notes', extension: 'txt' }, 'y')
  await environment.deallocate()
  expect(Object.keys(await manifestFiles(temporary.path))).toEqual(['notes.txt', 'notes_2.txt'])
})
