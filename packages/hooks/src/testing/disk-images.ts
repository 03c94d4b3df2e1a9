import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MIB = 1024 * 1024

/** Runs a program whose words are of no interest. */
export function quietly(program: string, ...argv: string[]): void {
  execFileSync(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A raw ext4 file system with the files of a folder. */
export function ext4(path: string, folder: string, mebibytes = 16): string {
  writeFileSync(path, '')
  truncateSync(path, mebibytes * MIB)
  quietly('mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-d', folder, path)
  return path
}

/** Changes an ext file system by commands of debugfs. */
export function debugfs(image: string, ...commands: string[]): void {
  // It says each command.
  const input = `${commands.join('\n')}\n`
  execFileSync('debugfs', ['-w', '-f', '-', image], {
    input,
    stdio: 'pipe',
    maxBuffer: Number.POSITIVE_INFINITY,
  })
}

/** A copy that can be changed. */
export function copyOf(image: string): string {
  const copy = `${image}.changed`
  // Node would write the holes: seconds for some gigabytes.
  quietly('cp', '--sparse=always', image, copy)
  return copy
}

/** The image a guest starts from, and a checkpoint that is backed by it, of two raw disks. */
export function asCheckpoint(
  folder: string,
  before: string,
  after: string,
): { image: string; checkpoint: string } {
  const image = join(folder, 'base image.qcow2')
  const checkpoint = join(folder, 'check point.qcow2')
  quietly('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', before, image)
  quietly('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-B', image, '-F', 'qcow2', after, checkpoint)
  return { image, checkpoint }
}

/** A folder with the files that are given by their paths. */
export function folderWith(path: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) {
    const parts = name.split('/').slice(0, -1)
    mkdirSync(join(path, ...parts), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}

/**
 * Runs a script in the mounted NTFS file system of a raw image; only root can.
 * @returns what it printed
 */
export function inNtfs(image: string, script: string, options = 'streams_interface=windows'): Buffer {
  const mount = `${image}.mount`
  mkdirSync(mount, { recursive: true })
  // In a mount namespace of its own, nothing stays mounted.
  const mounted = `ntfs-3g "$1" "$2" -o "$4" && (set -e; cd "$2"; eval "$3"); code=$?; umount "$2"; exit $code`
  const words = ['sh', '-c', mounted, 'sh', image, mount, script, options]
  return execFileSync('unshare', ['--mount', '--propagation', 'private', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  })
}

/** An empty NTFS file system. */
export function ntfs(path: string, mebibytes = 16): string {
  writeFileSync(path, '')
  truncateSync(path, mebibytes * MIB)
  quietly('mkntfs', '-q', '-F', path)
  return path
}

/** A whole disk whose partitions are the given raw file systems, of 16 MiB each, one MiB apart. */
export function partitioned(path: string, label: 'dos' | 'gpt', fileSystems: readonly string[]): string {
  writeFileSync(path, '')
  truncateSync(path, (fileSystems.length * 17 + 2) * MIB)
  const starts = fileSystems.map((_each, index) => 1 + index * 17)
  const table = [`label: ${label}`, ...starts.map((start) => `start=${start}MiB, size=16MiB`)]
  execFileSync('sfdisk', ['-q', path], { input: `${table.join('\n')}\n`, stdio: 'pipe' })
  for (const [index, fileSystem] of fileSystems.entries()) {
    const seek = `seek=${starts[index]}`
    quietly('dd', `if=${fileSystem}`, `of=${path}`, 'bs=1M', seek, 'conv=notrunc', 'status=none')
  }
  return path
}
