import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeEvidence } from './evidence-file.ts'

let folder = ''
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'see-evidence-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

test('the file of before is replaced as a whole, and is its user’s only', async () => {
  const path = join(folder, 'report.json')
  await writeEvidence(path, 'one')
  await writeEvidence(path, Buffer.from('two'))
  expect(await readFile(path, 'utf8')).toBe('two')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['report.json'])
})

test('a folder that is gone is said to be', async () => {
  await rm(folder, { recursive: true })
  await expect(writeEvidence(join(folder, 'report.json'), 'x')).rejects.toMatchObject({
    code: 'RESULTS_LOST',
    message: `cannot write ${folder}/report.json: the folder ${folder} was removed or renamed during the run`,
  })
})

test('a write that fails leaves the file of before', async () => {
  const path = join(folder, 'report.json')
  await writeEvidence(path, 'one')
  await mkdir(join(folder, 'taken'))
  await expect(writeEvidence(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'RESULTS_LOST' })
  expect(await readdir(folder)).toEqual(['report.json', 'taken'])
  expect(await readFile(path, 'utf8')).toBe('one')
})
