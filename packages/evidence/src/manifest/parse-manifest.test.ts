import { expect, test } from 'vitest'
import { parseManifest } from './parse-manifest.ts'

const file = {
  kind: 'screenshot',
  path: 'screens/1_post_poweron.png',
  bytes: 12,
  sha256: 'a'.repeat(64),
  media_type: 'image/png',
  event: { name: 'post_poweron', sequence: 2 },
  from: 1_700_000_000_000,
  to: 1_700_000_000_000,
  writer: 'ScreenHook',
  state: 'complete',
}
const manifest = {
  format: 'see-evidence',
  version: 2,
  identifier: 'one',
  created: '2026-01-02T03:04:05.678Z',
  complete: false,
  files: [file],
}

function read(value: unknown) {
  return parseManifest(new TextEncoder().encode(JSON.stringify(value)))
}

test('a manifest is read as it was written', () => {
  expect(read(manifest)).toEqual(manifest)
})

test.each(['growing', 'incomplete'])('a file can be %s, and its size unknown', (state) => {
  const growing = { ...file, bytes: null, sha256: null, to: null, state }
  expect(read({ ...manifest, files: [growing] }).files).toEqual([growing])
})

test.each(['x-my.hook', 'timeline'])('a kind can be %s', (kind) => {
  expect(read({ ...manifest, files: [{ ...file, kind }] }).files[0]?.kind).toBe(kind)
})

test.each(['', 'x-', 'X-mine', 'mine', 'x-a b', 'constructor'])('a kind cannot be "%s"', (kind) => {
  expect(() => read({ ...manifest, files: [{ ...file, kind }] })).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_INVALID' }),
  )
})

test.each([
  '/etc/passwd',
  '../other/run.json',
  'a/../../b',
  'a//b',
  './a',
  '',
  'c:\\windows',
  'C:/a',
  'a\\..\\b',
])('a path cannot lead out of the folder: "%s"', (path) => {
  for (const wrong of [{ path }, { of: path }]) {
    expect(() => read({ ...manifest, files: [{ ...file, ...wrong }] })).toThrow(/inside the folder/)
  }
})

test('a manifest of a newer SEE is refused with what to do', () => {
  expect(() => read({ ...manifest, version: 3, files: 'elsewhere' })).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_NEWER', message: expect.stringContaining('use a newer one') }),
  )
})

test('what is not JSON, or not a manifest, is said to be so', () => {
  expect(() => parseManifest(new TextEncoder().encode('{"format":'), 'x_manifest.json')).toThrow(
    'x_manifest.json is not JSON: it may have been cut short',
  )
  expect(() => read({ format: 'else' })).toThrow(expect.objectContaining({ code: 'EVIDENCE_INVALID' }))
})

test('no more is read than a manifest can be long', () => {
  expect(() => parseManifest(new Uint8Array(64 * 1024 * 1024 + 1))).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_TOO_LONG' }),
  )
})
