import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ReaderKit } from '../disk-changes/kernel/helper-guest-arguments.ts'

const TIMEOUT_MS = 3_000_000

/** Programs of this host that a script in the workshop may call, with their libraries. */
const PROGRAMS =
  'mkfs.xfs mkfs.btrfs btrfs mke2fs chattr lsattr setcap setfattr getfattr setfacl stat find sfdisk'.split(
    ' ',
  )
const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

// What it prints goes to the port; that it came to its end is its last line.
const INIT = `#!/bin/sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev; $b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t tmpfs run /run
$b --install -s /bin
export PATH=/opt:/bin:/sbin HOME=/
read -r modules </modules
modprobe -a $modules dm-mod
port=/dev/$(ls /sys/class/virtio-ports | head -n 1)
sh -e /script >$port 2>/dev/ttyS0 </dev/null && echo 'workshop: done' >$port
sync
poweroff -f
`

/**
 * Runs a script as root of a guest that has raw disks as /dev/vda, /dev/vdb and so on, and file systems, LVM and md to make
 * of them; it needs no rights here.
 * @returns what it printed
 */
export function inWorkshop(kit: ReaderKit, disks: readonly string[], script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-workshop-'))
  try {
    const initramfs = join(folder, 'initrd')
    writeFileSync(initramfs, Buffer.concat([readFileSync(kit.initramfs), archive(folder, script)]))
    const [output, log] = [join(folder, 'output'), join(folder, 'console')]
    const fixed = `-nodefaults -no-user-config -display none -no-reboot -machine q35,usb=off -cpu max -m 512 -accel tcg
      -device virtio-serial-pci -device virtserialport,chardev=port,name=output`
    const argv = [
      ['-kernel', kit.kernel, '-initrd', initramfs, '-serial', `file:${log}`],
      ['-append', 'console=ttyS0 quiet panic=-1 cryptomgr.notests mitigations=off'],
      ['-chardev', `file,id=port,path=${output}`, ...fixed.split(/\s+/)],
      ...disks.map((path) => ['-drive', `file=${path},format=raw,if=virtio,cache=unsafe`]),
    ].flat()
    execFileSync('qemu-system-x86_64', argv, { stdio: ['ignore', 'ignore', 'inherit'], timeout: TIMEOUT_MS })
    const said = readFileSync(output, 'latin1')
    const end = 'workshop: done\n'
    if (said.endsWith(end)) return said.slice(0, -end.length)
    throw new Error(`the script failed: ${readFileSync(log, 'utf8').slice(-2000)}\n${said.slice(-2000)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An archive of its own behind that of the reader, whose `init` it replaces. */
function archive(folder: string, script: string): Buffer {
  const root = join(folder, 'root')
  copyPrograms(root, PROGRAMS)
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 })
  writeFileSync(join(root, 'script'), callsOf(PROGRAMS, '/opt/') + script)
  const cpio = 'find . | busybox cpio --quiet -o -H newc -R 0:0 2>/dev/null'
  return execFileSync('sh', ['-c', cpio], { cwd: root, maxBuffer: 2 ** 28 })
}

/** Copies programs of this host into the folder `opt` of a root, and their libraries to where they look for them. */
export function copyPrograms(root: string, names: readonly string[]): void {
  mkdirSync(join(root, 'opt'), { recursive: true })
  for (const name of names) {
    const program = FOLDERS.map((each) => join(each, name)).find((path) => existsSync(path))
    if (program === undefined) throw new Error(`this host has no ${name}`)
    copyFileSync(program, join(root, 'opt', name))
    for (const library of librariesOf(program)) {
      const target = join(root, library)
      mkdirSync(dirname(target), { recursive: true })
      copyFileSync(library, target)
    }
  }
}

/** Functions of a shell by which it takes the programs of a folder: busybox prefers what it has itself. */
export function callsOf(names: readonly string[], folder: string): string {
  return names.map((name) => `${name.replace('.', '_')}() { ${folder}${name} "$@"; }\n`).join('')
}

function librariesOf(program: string): string[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' })
  return [...said.matchAll(/=> (\/\S+)/g)].map(([, path]) => path ?? '')
}
