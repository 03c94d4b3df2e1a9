import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ManifestFile } from '@see/evidence'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { addToManifest, storedManifest } from './stored-manifest.ts'

const file: ManifestFile = {
  kind: 'run_report',
  path: 'run.json',
  bytes: 3,
  sha256: null,
  media_type: 'application/json',
  event: null,
  from: 1_700_000_000_000,
  to: 1_700_000_000_001,
  writer: 'runCase',
  state: 'complete',
}

test('where no hook wrote, the manifest is of the added file alone; a second time it is replaced', async () => {
  await using temporary = await temporaryFolder()
  expect(await storedManifest(temporary.path, 'one')).toBeUndefined()
  await addToManifest(temporary.path, 'one', file)
  await addToManifest(temporary.path, 'one', { ...file, bytes: 4 })
  expect(await storedManifest(temporary.path, 'one')).toEqual({
    format: 'see-evidence',
    version: 2,
    identifier: 'one',
    created: '2023-11-14T22:13:20.000Z',
    complete: true,
    files: [{ ...file, bytes: 4 }],
  })
})

test('a manifest that cannot be read stays as it is, and the error says so', async () => {
  await using temporary = await temporaryFolder()
  const path = join(temporary.path, 'one_manifest.json')
  await writeFile(path, 'damaged')
  await expect(addToManifest(temporary.path, 'one', file)).rejects.toMatchObject({
    code: 'RESULTS_LOST',
    message: `run.json is not in the manifest ${path}, which cannot be read: one_manifest.json is not JSON: it may have been cut short`,
  })
  expect(await readFile(path, 'utf8')).toBe('damaged')
})
