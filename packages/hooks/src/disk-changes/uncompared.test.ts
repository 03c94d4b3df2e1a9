import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ComparedRegion } from './sleuth-kit/compare-disks.ts'
import type { RegionSide } from './sleuth-kit/disk-regions.ts'
import { QUIET } from './layout/file-system-state.ts'
import { uncompared, uncomparedIn } from './uncompared.ts'

function region(type: string, readBy: RegionSide['readBy'], isSame = false): ComparedRegion {
  const side: RegionSide = { type, readBy, files: [], state: QUIET, sectors: 8, partitionType: null }
  return { name: null, prefix: '', start: 0, before: side, after: side, isSame, cut: 0 }
}

test('docs/limits.md has a line for each', () => {
  const text = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8')
  const disks = text.slice(text.indexOf('\n## Disks\n'), text.indexOf('\n### DISK_'))
  const lines = Array.from(disks.matchAll(/^\| `([a-z_\d]+)` \| (?!of )/gm), ([, code]) => code)
  expect(new Set(lines)).toEqual(new Set(uncompared))
})

test.each([
  ['ext4', 'tsk', ['content_without_trace', 'holes', 'unused_space']],
  ['xfs', 'kernel', ['content_without_trace', 'holes', 'unused_space']],
  ['fat32', 'tsk', ['content_without_trace', 'dos_attributes', 'holes', 'unused_space']],
  ['hfs', 'tsk', ['attributes', 'content_without_trace', 'holes', 'unused_space']],
  ['LVM2_member', 'volumes', ['unused_space']],
  ['crypto_LUKS', null, []],
] as const)('%s', (type, readBy, left) => {
  expect(uncomparedIn(region(type, readBy), false)).toEqual(left)
})

test('strict compares every content; where all bytes are the same, nothing is left out', () => {
  expect(uncomparedIn(region('ext4', 'tsk'), true)).toEqual(['holes', 'unused_space'])
  expect(uncomparedIn(region('xfs', null, true), false)).toEqual([])
})
