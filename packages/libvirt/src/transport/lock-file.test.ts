import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLockFile } from './lock-file.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'see-lock-'))
  path = join(folder, 'lock')
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test('is taken once', () => {
  expect(takeLockFile(path)).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe(String(process.pid))
  expect(takeLockFile(path)).toBe(false)
})

test.each([
  ['a process that is gone', () => String(spawnSync('true').pid)],
  ['no process', () => ''],
])('is taken over from %s', (_, owner) => {
  writeFileSync(path, owner())
  expect(takeLockFile(path)).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe(String(process.pid))
})

test('a folder that is not there is an error, not an endless attempt', () => {
  expect(() => takeLockFile(join(folder, 'none', 'lock'))).toThrow('ENOENT')
})
