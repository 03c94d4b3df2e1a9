import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stateOfNtfs } from './layout/file-system-state.ts'
import { rootFolder } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, debugfs, ext4, ntfs, quietly } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { writeAt } from '../testing/unreadable-content.ts'

const CLUSTER = 4096
const ORIGINAL = 'of the disk that the guest started from'
const GUESTS = 'of the guest’s disk'

async function warningsOf(folder: string, before: string, after: string) {
  await using run = await diskAnalysis(folder, asCheckpoint(folder, before, after))
  const { warnings } = await run.analyse()
  expect(run.context.warnings).toEqual(warnings)
  return warnings.map(({ code, what, why }) => [code, what, why.split(';')[0]])
}

test.each(['before', 'after'])('a pending journal of ext4 is a warning, on the disk %s', async (side) => {
  await using temporary = await temporaryFolder()
  const before = ext4(join(temporary.path, 'ext4'), rootFolder(temporary.path))
  quietly('tune2fs', '-O', 'has_journal', before)
  const after = copyOf(before)
  debugfs(side === 'before' ? before : after, 'feature needs_recovery')
  const what = `the whole disk, ext4, ${side === 'before' ? ORIGINAL : GUESTS}`
  const why = 'its journal holds changes that were not in place yet'
  expect(await warningsOf(temporary.path, before, after)).toEqual([['DISK_JOURNAL_PENDING', what, why]])
})

test.each([
  ['state 0', 'it was not unmounted'],
  ['state 2', 'its kernel found errors in it'],
])('ext4 that is not clean is a warning: %s', async (state, why) => {
  await using temporary = await temporaryFolder()
  const before = ext4(join(temporary.path, 'ext4'), rootFolder(temporary.path))
  const after = copyOf(before)
  debugfs(after, `set_super_value ${state}`)
  const warning = ['DISK_FILE_SYSTEM_DIRTY', `the whole disk, ext4, ${GUESTS}`, why]
  expect(await warningsOf(temporary.path, before, after)).toEqual([warning])
})

/** A restart page of `$LogFile`, of a log that is in use unless it is marked clean. */
function restartPage(sequence: number, flags: number): Buffer {
  const page = Buffer.alloc(CLUSTER)
  page.write('RSTR')
  page.writeUInt16LE(0x30, 24)
  page.writeBigUInt64LE(BigInt(sequence), 0x30)
  page.writeUInt16LE(0, 0x30 + 12)
  page.writeUInt16LE(flags, 0x30 + 14)
  return page
}

/** As istat lists them, behind the line of its attribute. */
function firstClusterOfLog(image: string): number {
  const [, first] = /^Type: \$DATA .*\n(\d+) /m.exec(execFileSync('istat', [image, '2']).toString()) ?? []
  return Number(first)
}

test('NTFS: a volume that is marked as dirty, and a log that is in use, are warnings', async () => {
  await using temporary = await temporaryFolder()
  const { path: folder } = temporary
  const clean = ntfs(join(folder, 'ntfs'))
  const [dirty, used, closed] = [join(folder, 'dirty'), join(folder, 'used'), join(folder, 'closed')] as const
  for (const copy of [dirty, used, closed]) copyFileSync(clean, copy)
  quietly('ntfsfix', dirty)
  const first = firstClusterOfLog(clean)
  for (const [disk, flags] of [
    [used, 0],
    [closed, 2],
  ] as const) {
    writeAt(disk, first * CLUSTER, restartPage(1, 2))
    writeAt(disk, (first + 1) * CLUSTER, restartPage(2, flags))
  }
  expect(await warningsOf(folder, clean, dirty)).toEqual([
    ['DISK_FILE_SYSTEM_DIRTY', `the whole disk, ntfs, ${GUESTS}`, 'its volume is marked as dirty'],
  ])
  const pending = 'its journal holds changes that were not in place yet'
  expect(await warningsOf(folder, used, clean)).toEqual([
    ['DISK_JOURNAL_PENDING', `the whole disk, ntfs, ${ORIGINAL}`, pending],
  ])
  expect(await warningsOf(folder, clean, closed)).toEqual([])
})

test('NTFS: the bytes that show its state cannot be read', () => {
  const [clean, log] = [Buffer.alloc(12), Buffer.alloc(8192, 0xff)]
  expect(stateOfNtfs(clean, log).dirty).toBeUndefined()
  expect(stateOfNtfs(Buffer.alloc(0), log).dirty).toBe('whether it was unmounted cannot be read')
  expect(stateOfNtfs(clean, log.subarray(0, 4096)).dirty).toBe('its journal cannot be read')
})
