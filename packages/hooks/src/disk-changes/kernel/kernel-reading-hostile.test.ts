import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskAnalysis } from '../../testing/disk-analysis.ts'
import { asCheckpoint, ext4, folderWith, partitioned, quietly } from '../../testing/disk-images.ts'
import { builtReader } from '../../testing/reader-kit.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'

const MIB = 1024 * 1024
const BEGIN = `#!/bin/sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev; $b mount -t proc proc /proc; $b mount -t sysfs sys /sys
$b modprobe -a virtio_pci virtio_console
set -- /dev/vport*
until { [ -c "$1" ] && $b printf 'S\\0\\0\\0\\0' >"$1"; } 2>/dev/null; do $b sleep 0.1; set -- /dev/vport*; done
`

/** The partition exists, and the answer of how it was mounted does not end. */
const ENDLESS_ANSWER = `
$b printf 'V\\0\\0\\0\\047/dev/vda2\\tpartition\\t2\\t36864\\t32768\\text4\\tK\\0\\0\\0\\0' >"$1"
while :; do $b printf 'M\\0\\0\\0\\0010'; done >"$1"
`

/** A disk with a file system that The Sleuth Kit reads, and one that it does not read right, of which the label differs. */
function diskIn(folder: string): { image: string; checkpoint: string } {
  const boot = ext4(join(folder, 'boot'), folderWith(join(folder, 'files'), { grub: 'boot' }))
  const [before = '', after = ''] = ['before', 'after'].map((label) => {
    const path = join(folder, label)
    writeFileSync(path, '')
    truncateSync(path, 16 * MIB)
    quietly('mke2fs', '-q', '-t', 'ext4', '-O', 'meta_bg,^resize_inode', '-L', label, path)
    return partitioned(join(folder, `disk ${label}`), 'gpt', [boot, path])
  })
  return asCheckpoint(folder, before, after)
}

/** A reader whose guest does something else, as one would that a file system has taken over. */
function takenOver(folder: string, script: string): string {
  const kit = builtReader()
  const [target, root] = [join(folder, 'kit'), join(folder, 'archive')]
  mkdirSync(target, { mode: 0o755 })
  mkdirSync(root)
  copyFileSync(kit.kernel, join(target, 'reader.vmlinuz'))
  writeFileSync(join(root, 'init'), BEGIN + script, { mode: 0o755 })
  const archive = execFileSync('sh', ['-c', 'echo init | busybox cpio --quiet -o -H newc 2>/dev/null'], {
    cwd: root,
  })
  writeFileSync(join(target, 'reader.initrd'), Buffer.concat([readFileSync(kit.initramfs), archive]), {
    mode: 0o644,
  })
  return target
}

// Each waits more than it works.
test.concurrent.each([
  // First, since it waits longest: what is left of 25 s, and not the minute that a boot may take.
  ['hangs on the disk', '$b sleep 1000', 'the helper guest said nothing new for (1[0-9]|2[0-5]) s', 240],
  ['hangs', '$b sleep 1000', 'the helper guest said nothing new for', 20],
  ['panics', 'echo c >/proc/sysrq-trigger', 'the helper guest ended', 240],
  [
    'sends what it likes',
    '$b cat /bin/busybox >"$1"; $b sleep 100',
    'the helper guest sent a message of type',
    240,
  ],
  [
    'sends without end',
    'while :; do printf "V\\0\\0\\0\\001x" >"$1"; done',
    'the helper guest made up a volume',
    240,
  ],
  // Which comes first depends on how busy this host is: its end is that of an init whose pipe closed.
  [
    'talks and says nothing',
    ENDLESS_ANSWER,
    'the helper guest (said nothing new for|sent M unasked|ended)',
    20,
  ],
])(
  'a guest that %s: the partition is not compared, the report is there in time, and nothing runs on',
  async (_what, script, why, timeout) => {
    await using temporary = await temporaryFolder()
    const folder = temporary.path
    const reader = takenOver(folder, script)
    await using run = await diskAnalysis(folder, diskIn(folder), { reader, timeout })
    const report = await run.analyse()
    expect(report.warnings).toMatchObject([
      {
        code: 'DISK_PARTITION_NOT_COMPARED',
        what: expect.stringMatching(/^p2 .*ext4$/),
        why: expect.stringMatching(why),
      },
    ])
    expect(report.partitions).toMatchObject([
      { compared: 'files' },
      { file_system: null, compared: 'changed' },
    ])
    expect(run.context.failures).toEqual([])
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    expect(processes).not.toContain(reader)
  },
  120_000,
)

test('without a reader it is a warning', async () => {
  await using temporary = await temporaryFolder()
  await using run = await diskAnalysis(temporary.path, diskIn(temporary.path), { reader: null })
  const { warnings } = await run.analyse()
  expect(warnings).toMatchObject([
    { code: 'DISK_PARTITION_NOT_COMPARED', what: expect.stringMatching(/^p2 /) },
  ])
})

test('a reader that is named and not there fails at set-up', async () => {
  await using temporary = await temporaryFolder()
  const failed = diskAnalysis(temporary.path, { image: 'x', checkpoint: 'x' }, { reader: temporary.path })
  await expect(failed).rejects.toMatchObject({ code: 'HOOK_SETUP', cause: { code: 'FILE_UNREADABLE' } })
  await expect(failed).rejects.toThrow(temporary.path)
})
