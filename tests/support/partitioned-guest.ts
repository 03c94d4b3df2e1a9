import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedConfiguration, embeddedGuest } from './embedded-guest.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { tinyGuest } from './tiny-guest.ts'

const TABLE = 'label: gpt\nstart=1MiB, size=256MiB\nstart=258MiB, size=320MiB\n'

/** The tiny guest on the first partition of a disk whose second is XFS, with a file of each given name. */
export function partitionedGuest(names: readonly string[]): EmbeddedConfiguration {
  const folder = temporaryFolder()
  // Each guest runs as a user of its own.
  chmodSync(folder, 0o755)
  const [disk, image, xfs] = [join(folder, 'disk'), join(folder, 'disk.qcow2'), join(folder, 'xfs')]
  const [content, prototype, root] = [
    join(folder, 'content'),
    join(folder, 'prototype'),
    join(folder, 'root'),
  ]
  writeFileSync(content, 'before\n')
  const files = names.map((name) => `${name} ---644 0 0 ${content}\n`).join('')
  writeFileSync(prototype, `/\n0 0\nd--755 0 0\n${files}$\n`)
  writeFileSync(xfs, '')
  truncateSync(xfs, 320 * 1024 * 1024)
  run('mkfs.xfs', '-q', '-p', prototype, xfs)
  run('qemu-img', 'convert', '-O', 'raw', join(tinyGuest(), 'disk.qcow2'), root)
  writeFileSync(disk, '')
  truncateSync(disk, 580 * 1024 * 1024)
  execFileSync('sfdisk', ['-q', disk], { input: TABLE, stdio: ['pipe', 'ignore', 'pipe'] })
  for (const [path, start] of [
    [root, 1],
    [xfs, 258],
  ] as const)
    run('dd', `if=${path}`, `of=${disk}`, 'bs=1M', `seek=${start}`, 'conv=notrunc,sparse')
  run('qemu-img', 'convert', '-O', 'qcow2', disk, image)
  return embeddedGuest({ machine: { initrd: initrdOf(folder) }, disk: { image } })
}

function run(program: string, ...argv: string[]): void {
  execFileSync(program, argv, { stdio: 'ignore' })
}

/** An archive behind the guest's own: it boots from the first partition, with a driver for XFS, which the reader has. */
function initrdOf(folder: string): string {
  const guest = tinyGuest()
  const [initrd, added] = [join(folder, 'initrd'), join(folder, 'added')]
  mkdirSync(added)
  const modules = '*/xfs.ko */libcrc32c.ko */crc32c-intel.ko'
  const unpack = `busybox cpio -id '${modules.replaceAll(' ', "' '")}' <"$1" && mv lib/modules/*/*.ko . && rm -r lib`
  const pack = (script: string, ...words: string[]) =>
    execFileSync('sh', ['-c', script, 'sh', ...words], {
      cwd: added,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 26,
    })
  pack(unpack, join(guest, 'reader.initrd'))
  pack('busybox cpio -id init <"$1"', join(guest, 'initrd'))
  const init = readFileSync(join(added, 'init'), 'utf8')
  const load = '$b insmod /crc32c-intel.ko; $b insmod /libcrc32c.ko; $b insmod /xfs.ko\n'
  writeFileSync(
    join(added, 'init'),
    init.replace('$b mount -t ext4', `${load}$&`).replace('/dev/vda /root', '/dev/vda1 /root'),
  )
  const own = pack('find . | busybox cpio --quiet -o -H newc -R 0:0')
  writeFileSync(initrd, Buffer.concat([readFileSync(join(guest, 'initrd')), own]))
  return initrd
}
