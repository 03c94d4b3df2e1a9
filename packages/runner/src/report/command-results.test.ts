import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { commandResults } from './command-results.ts'

const record = {
  event: 'run_command',
  status: 'finished',
  command: 'id',
  sample: null,
  sha256: null,
  guest_path: null,
  exit_code: 0,
  signal: null,
  started: '2026-01-02T03:04:05.678Z',
  duration_ms: 5,
  truncated: false,
  lost: null,
  output_open: false,
  late_bytes: { stdout: 0, stderr: 0 },
  error: null,
}

function entry(kind: string, path: string, of?: string): object {
  const rest = {
    bytes: 1,
    sha256: null,
    media_type: 'text/plain',
    event: null,
    from: 1,
    to: 1,
    writer: 'Hook',
  }
  return { kind, path, ...rest, state: 'complete', ...(of === undefined ? {} : { of }) }
}

/** A folder with these files, which its manifest names by these kinds. */
async function write(folder: string, files: readonly object[], contents: Readonly<Record<string, string>>) {
  await mkdir(folder, { recursive: true })
  const facts = { format: 'see-evidence', version: 2, created: '2026-01-02T03:04:05Z', complete: true }
  const name = folder.endsWith('/one') ? 'manifest.json' : 'one_manifest.json'
  await writeFile(join(folder, name), JSON.stringify({ ...facts, identifier: 'one', files }))
  for (const [path, content] of Object.entries(contents)) await writeFile(join(folder, path), content)
}

test('records are found by their kind, whatever their names, in the order of the manifest', async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'one')
  await write(
    folder,
    [
      entry('command_record', 'b'),
      entry('command_stdout', 'out', 'b'),
      entry('command_stderr', 'err', 'b'),
      entry('command_record', 'a'),
      entry('command_stdout', 'else', 'c'),
      entry('command_record', 'torn'),
      entry('command_record', 'gone'),
      entry('x-mine', 'one_command_9.json'),
    ],
    {
      a: JSON.stringify({ ...record, exit_code: 3 }),
      b: JSON.stringify(record),
      out: 'x'.repeat(5000),
      err: 'oh',
      else: 'not of b',
      torn: JSON.stringify(record).slice(0, 50),
      'one_command_9.json': JSON.stringify(record),
    },
  )
  const results = await commandResults({ folder, identifier: 'one' }, [join(folder, 'a')])
  const shown = { event: 'run_command', status: 'finished', command: 'id', sample: null, signal: null }
  const rest = { duration_ms: 5, truncated: false, error: null }
  expect(results).toEqual([
    {
      record: join(folder, 'b'),
      ...shown,
      ...rest,
      exit_code: 0,
      stdout: `${'x'.repeat(4096)}\n… (more in out)`,
      stderr: 'oh',
    },
    { record: join(folder, 'a'), ...shown, ...rest, exit_code: 3, stdout: '', stderr: '' },
  ])
})

test('of a folder that others share, only what finished in this case is taken', async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'one')
  const shared = join(temporary.path, 'shared')
  await write(folder, [], {})
  await write(shared, [entry('command_record', 'a'), entry('command_record', 'b')], {
    a: JSON.stringify(record),
    b: JSON.stringify(record),
  })
  const results = await commandResults({ folder, identifier: 'one' }, [join(shared, 'b')])
  expect(results.map((each) => each.record)).toEqual([join(shared, 'b')])
})

test('without a manifest, or with one that cannot be read, there are none', async () => {
  await using temporary = await temporaryFolder()
  const results = { folder: join(temporary.path, 'one'), identifier: 'one' }
  expect(await commandResults(results, [])).toEqual([])
  await mkdir(results.folder)
  await writeFile(join(results.folder, 'manifest.json'), '{"format"')
  expect(await commandResults(results, [])).toEqual([])
})
