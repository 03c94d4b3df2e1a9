import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { quietly } from './disk-images.ts'

const MIB = 1024 * 1024

/** Makers of raw contents of 16 MiB that The Sleuth Kit does not read, or reads wrong. */
const unreadable: Readonly<Record<string, (path: string) => void>> = {
  xfs: (path) => quietly('mkfs.xfs', '-q', '--unsupported', path),
  btrfs: (path) => quietly('mkfs.btrfs', '-q', '-M', path),
  swap: (path) => quietly('mkswap', '-q', path),
  LVM2_member: (path) => writeAt(path, 512, lvmLabel()),
  crypto_LUKS: (path) => writeAt(path, 0, Buffer.from('LUKS\xba\xbe\0\x02', 'latin1')),
  bigalloc: (path) => quietly('mke2fs', '-q', '-t', 'ext4', '-O', 'bigalloc', path),
  meta_bg: (path) => quietly('mke2fs', '-q', '-t', 'ext4', '-O', 'meta_bg,^resize_inode', path),
  noise: (path) => writeAt(path, 0, Buffer.alloc(MIB, 'noise')),
}

/** One of them, and the same with a byte changed far behind everything that identifies it. */
export function unreadablePair(folder: string, kind: string): { before: string; after: string } {
  const [before, after] = [join(folder, `${kind}.before`), join(folder, `${kind}.after`)]
  writeFileSync(before, '')
  truncateSync(before, 16 * MIB)
  unreadable[kind]?.(before)
  writeFileSync(after, readFileSync(before))
  writeAt(after, 12 * MIB + 12_345, Buffer.from('evil'))
  return { before, after }
}

export function writeAt(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
}

/** The second sector of a physical volume of LVM; its sum begins with LVM's own number and is not inverted. */
function lvmLabel(): Buffer {
  const label = Buffer.alloc(512)
  label.write('LABELONE')
  label.writeBigUInt64LE(1n, 8)
  label.writeUInt32LE(32, 20)
  label.write('LVM2 001', 24)
  label.write('abcdefghijklmnopqrstuvwxyz012345', 32)
  label.writeUInt32LE(~crc32(label.subarray(20), ~0xf597a6cf >>> 0) >>> 0, 16)
  return label
}

/** For fdisk: a GPT with a partition of 16 MiB from the sector 512 on, and an MBR with a logical one there. */
const TABLES = { gpt: 'g\nn\n1\n512\n+4095\nw\n', dos: 'o\nn\ne\n1\n256\n\nn\n512\n+4095\nw\n' }

/** A disk with a partition table for sectors of 4096 bytes, whose partition is the given file system. */
export function with4096ByteSectors(path: string, fileSystem: string, label: 'dos' | 'gpt'): string {
  writeFileSync(path, '')
  truncateSync(path, 20 * MIB)
  execFileSync('fdisk', ['-b', '4096', path], { input: TABLES[label], stdio: 'pipe' })
  writeAt(path, 512 * 4096, readFileSync(fileSystem))
  return path
}

/** A disk with a swap area in a logical partition, behind it another with a file system. */
export function withLogicalPartitions(path: string, contents: readonly string[]): string {
  writeFileSync(path, '')
  truncateSync(path, (3 + contents.length * 18) * MIB)
  const starts = contents.map((_each, index) => 2 + index * 18)
  const table = ['label: dos', 'start=1MiB, type=5']
  const input = [...table, ...starts.map((start) => `start=${start}MiB, size=16MiB`)].join('\n')
  execFileSync('sfdisk', ['-q', path], { input: `${input}\n`, stdio: 'pipe' })
  for (const [index, content] of contents.entries())
    writeAt(path, (starts[index] ?? 0) * MIB, readFileSync(content))
  return path
}
