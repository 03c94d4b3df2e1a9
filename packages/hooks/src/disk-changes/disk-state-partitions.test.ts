import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changedDisk, pathsOf } from '../testing/changed-disk.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, partitioned } from '../testing/disk-images.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import {
  unreadablePair,
  with4096ByteSectors,
  withLogicalPartitions,
  writeAt,
} from '../testing/unreadable-content.ts'

const MIB = 1024 * 1024

/** A disk of two partitions, ext4 with a new file and something else, before and after. */
function twoPartitions(folder: string, second: { before: string; after: string }) {
  const first = changedDisk(folder, ['write EVIL evil'])
  return asCheckpoint(
    folder,
    partitioned(join(folder, 'disk'), 'gpt', [first.before, second.before]),
    partitioned(join(folder, 'disk.after'), 'gpt', [first.after, second.after]),
  )
}

test.each([
  ['xfs', 'xfs', false],
  ['xfs', 'xfs', true],
  ['btrfs', 'btrfs', false],
  ['LVM2_member', 'LVM2_member', false],
  ['crypto_LUKS', 'crypto_LUKS', true],
  ['bigalloc', 'ext4', false],
  ['meta_bg', 'ext4', true],
  ['noise', null, false],
])(
  'a partition with %s that changed is listed, with a warning: %s, strict %s',
  async (kind, content, strict) => {
    await using temporary = await temporaryFolder()
    const disk = twoPartitions(temporary.path, unreadablePair(temporary.path, kind))
    await using run = await diskAnalysis(temporary.path, disk, { strict })
    const report = await run.analyse()
    expect(pathsOf(report.created_files)).toEqual(['p1:/evil'])
    expect(report.partitions).toMatchObject([
      { name: 'p1', file_system: 'ext4', compared: 'files' },
      { name: 'p2', original_file_system: null, file_system: null, content, compared: 'changed' },
    ])
    expect(report.warnings).toEqual([
      {
        code: 'DISK_PARTITION_NOT_COMPARED',
        what: expect.stringMatching(
          `^p2 \\(sector 36864\\), ${content ?? 'of no known kind, partition type 0fc6'}`,
        ),
        why: expect.stringContaining('its files were not compared'),
        limits: 'docs/limits.md#disk_partition_not_compared',
      },
    ])
    expect(run.context.warnings).toEqual(report.warnings)
    expect(report.errors).toEqual([])
    expect(run.context.failures).toEqual([])
  },
)

test('a partition that cannot be read, but is the same byte for byte, was compared', async () => {
  await using temporary = await temporaryFolder()
  const { before } = unreadablePair(temporary.path, 'xfs')
  await using run = await diskAnalysis(
    temporary.path,
    twoPartitions(temporary.path, { before, after: before }),
  )
  const report = await run.analyse()
  expect(report.partitions[1]).toMatchObject({
    file_system: null,
    content: 'xfs',
    compared: 'same',
    not_compared: [],
  })
  expect(report.warnings).toEqual([])
})

test('swap that changed is listed without a warning; a partition that became swap is not', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const swap = unreadablePair(folder, 'swap')
  await using run = await diskAnalysis(folder, twoPartitions(folder, swap))
  const report = await run.analyse()
  expect(report.partitions[1]).toMatchObject({ content: 'swap', compared: 'changed' })
  expect(report.warnings).toEqual([])
  const { before } = unreadablePair(folder, 'xfs')
  await using hidden = await temporaryFolder()
  await using second = await diskAnalysis(
    hidden.path,
    twoPartitions(hidden.path, { before, after: swap.after }),
  )
  expect((await second.analyse()).warnings).toMatchObject([
    { code: 'DISK_PARTITION_NOT_COMPARED', what: 'p2 (sector 36864), swap, formerly xfs' },
  ])
})

test('a disk of which nothing can be read is an error that says what it is', async () => {
  await using temporary = await temporaryFolder()
  const { before, after } = unreadablePair(temporary.path, 'xfs')
  await using run = await diskAnalysis(temporary.path, asCheckpoint(temporary.path, before, after))
  await expect(run.analyse()).rejects.toThrow('ENOENT')
  expect(run.context.failures).toMatchObject([{ error: { code: 'EVIDENCE_UNSUPPORTED' } }])
  expect(String(run.context.failures[0]?.error)).toContain('is on the disk: the whole disk xfs')
})

test('logical partitions are listed and compared', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const first = changedDisk(folder, ['write EVIL evil'])
  const btrfs = unreadablePair(folder, 'btrfs')
  const disk = asCheckpoint(
    folder,
    withLogicalPartitions(join(folder, 'disk'), [btrfs.before, first.before]),
    withLogicalPartitions(join(folder, 'disk.after'), [btrfs.after, first.after]),
  )
  await using run = await diskAnalysis(folder, disk)
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([
    { name: 'p1', start_sector: 2 * 2048, sectors: 32_768, content: 'btrfs', compared: 'changed' },
    { name: 'p2', start_sector: 20 * 2048, sectors: 32_768, file_system: 'ext4' },
  ])
  expect(pathsOf(report.created_files)).toEqual(['p2:/evil'])
  expect(report.warnings).toMatchObject([{ what: 'p1 (sector 4096), btrfs' }])
})

test('logical partitions that go in a circle end', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const disks = [before, after].map((each, index) => {
    const disk = withLogicalPartitions(join(folder, `disk${index}`), [each, each])
    const record = readFileSync(disk).subarray(MIB, MIB + 512)
    // The second entry of the first record leads to itself.
    record.writeUInt32LE(0, 446 + 16 + 8)
    writeAt(disk, MIB, record)
    return disk
  })
  await using run = await diskAnalysis(folder, asCheckpoint(folder, disks[0] ?? '', disks[1] ?? ''))
  expect(pathsOf((await run.analyse()).created_files)).toEqual(['p1:/evil'])
})

test('partitions that the guest made, removed and resized, and boot code that it changed, are in the report', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before } = changedDisk(folder, [])
  const disk = partitioned(join(folder, 'disk'), 'dos', [before, before, before])
  const bytes = readFileSync(disk)
  bytes.write('bootkit', 100)
  // The first is half as long, the third is gone, and there is another in the last two MiB.
  bytes.writeUInt32LE(16_384, 446 + 12)
  bytes.fill(0, 446 + 32, 446 + 48)
  bytes.fill(0, 35 * MIB, 51 * MIB)
  bytes.writeUInt32LE(52 * 2048, 446 + 48 + 8)
  bytes.writeUInt32LE(2048, 446 + 48 + 12)
  bytes[446 + 48 + 4] = 0x83
  bytes.write('in a gap', 34 * MIB + 700_000)
  const changed = join(folder, 'changed')
  writeFileSync(changed, bytes)
  await using run = await diskAnalysis(folder, asCheckpoint(folder, disk, changed))
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([
    { name: 'p1', original_sectors: 32_768, sectors: 16_384 },
    { name: 'p2', original_sectors: 32_768, sectors: 32_768 },
    { name: 'p3', original_sectors: 32_768, original_file_system: 'ext4', sectors: null, content: null },
    { name: 'p4', start_sector: 52 * 2048, original_sectors: null, sectors: 2048 },
  ])
  expect(report.changed_gaps).toEqual([
    { start_sector: 0, sectors: 2048, kind: 'boot' },
    { start_sector: 34 * 2048, sectors: 2048, kind: 'gap' },
  ])
  expect(report.errors).toEqual(['the file system ext4 of p3 (sector 71680) cannot be recognised any more'])
  expect(report.warnings).toMatchObject([
    {
      code: 'DISK_PARTITION_NOT_COMPARED',
      what: expect.stringMatching(/^p4 .*partition type 0x83, formerly no partition/),
    },
  ])
})

/** Disks of one partition with a GPT, and a checkpoint with a new file, both changed alike. */
function changedGpt(folder: string, change: (disk: Buffer) => void): { image: string; checkpoint: string } {
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const disks = [before, after].map((each, index) => {
    const path = partitioned(join(folder, `disk${index}`), 'gpt', [before, each])
    const bytes = readFileSync(path)
    change(bytes)
    writeFileSync(path, bytes)
    return path
  })
  return asCheckpoint(folder, disks[0] ?? '', disks[1] ?? '')
}

test.each([false, true])(
  'a hybrid MBR does not hide the partitions of the GPT, strict %s',
  async (strict) => {
    await using temporary = await temporaryFolder()
    const disk = changedGpt(temporary.path, (bytes) => {
      const protective = Buffer.from(bytes.subarray(446, 462))
      bytes[446 + 4] = 0x83
      bytes.writeUInt32LE(2048, 446 + 8)
      bytes.writeUInt32LE(32_768, 446 + 12)
      protective.copy(bytes, 462)
    })
    await using run = await diskAnalysis(temporary.path, disk, { strict })
    const report = await run.analyse()
    expect(report.partitions).toMatchObject([{ start_sector: 2048 }, { start_sector: 36_864 }])
    expect(pathsOf(report.created_files)).toEqual(['p2:/evil'])
    expect([report.warnings, report.errors]).toEqual([[], []])
  },
)

test.each([
  ['damaged', (bytes: Buffer) => bytes.fill(0xff, 1024, 1200), 'the first GPT is damaged'],
  ['gone', (bytes: Buffer) => bytes.fill(0, 512, 17_408), 'the first GPT is missing'],
  ['without a backup', (bytes: Buffer) => bytes.fill(0, bytes.length - 20_000), 'the backup GPT is missing'],
])('a GPT that is %s: its other copy is read, with a warning', async (_what, change, problem) => {
  await using temporary = await temporaryFolder()
  await using run = await diskAnalysis(temporary.path, changedGpt(temporary.path, change))
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([{ start_sector: 2048 }, { start_sector: 36_864 }])
  expect(pathsOf(report.created_files)).toEqual(['p2:/evil'])
  const warning = { code: 'DISK_TABLE_DAMAGED', why: expect.stringContaining(problem) }
  expect(report.warnings).toMatchObject([warning, warning])
})

test('a partition that only the backup of the GPT lists is compared', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const disks = [before, after].map((each, index) => {
    const path = partitioned(join(folder, `disk${index}`), 'gpt', [before, each])
    const one = readFileSync(partitioned(join(folder, 'one'), 'gpt', [before]))
    // The first copy is one of a disk with one partition, but for where its backup is.
    const bytes = readFileSync(path)
    one.copy(bytes, 512, 512, 17_408)
    writeFileSync(path, bytes)
    return path
  })
  await using run = await diskAnalysis(folder, asCheckpoint(folder, disks[0] ?? '', disks[1] ?? ''))
  const report = await run.analyse()
  expect(pathsOf(report.created_files)).toEqual(['p2:/evil'])
  expect(report.warnings).toHaveLength(2)
  expect(report.warnings[0]?.why).toContain('list different partitions')
})

test.each([
  ['gpt', false],
  ['gpt', true],
  ['dos', false],
  ['dos', true],
] as const)('a %s table with sectors of 4096 bytes, strict %s', async (label, strict) => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  const { before, after } = changedDisk(folder, ['write EVIL evil'])
  const disk = asCheckpoint(
    folder,
    with4096ByteSectors(join(folder, 'disk'), before, label),
    with4096ByteSectors(join(folder, 'disk.after'), after, label),
  )
  await using run = await diskAnalysis(folder, disk, { strict })
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([
    { name: 'p1', start_sector: 4096, sectors: 32_768, file_system: 'ext4' },
  ])
  expect(pathsOf(report.created_files)).toEqual(['p1:/evil'])
  expect([report.warnings, report.errors]).toEqual([[], []])
})
