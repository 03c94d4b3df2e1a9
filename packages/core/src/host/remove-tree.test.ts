import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { removeTree } from './remove-tree.ts'

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-trees-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('many folders are removed side by side, and what a link names is not', async () => {
  const folder = emptyFolder()
  const kept = join(folder, 'kept')
  writeFileSync(kept, '')
  const trees = Array.from({ length: 100 }, (_, index) => join(folder, `tree ${index}`))
  for (const tree of trees) {
    mkdirSync(join(tree, 'a', 'b'), { recursive: true })
    symlinkSync(kept, join(tree, 'a', 'link'))
  }
  await Promise.all([...trees, join(folder, 'missing')].map(removeTree))
  expect(readdirSync(folder)).toEqual(['kept'])
})

test('one that cannot be removed fails alone', async () => {
  const folder = emptyFolder()
  const trees = Array.from({ length: 10 }, (_, index) => join(folder, `${index}`))
  for (const tree of trees) mkdirSync(tree)
  const results = await Promise.allSettled([...trees, '/proc/self', ...trees].map(removeTree))
  const failed = results.flatMap((each, index) => (each.status === 'rejected' ? [index] : []))
  expect(failed).toEqual([trees.length])
  expect(results[trees.length]).toMatchObject({ reason: { message: expect.stringContaining('/proc') } })
  expect(readdirSync(folder)).toEqual([])
})
