/** The kernel and the initramfs with which the helper guest boots; `guest/build.sh` makes both. */
export interface ReaderKit {
  readonly kernel: string
  readonly initramfs: string
}

const MEMORY_MIB = 320
/** Size of QEMU's cache of translated guest code. */
const TRANSLATED_MIB = 64

/**
 * What makes the start quicker is measured in guest/README.md. A kernel that trips over a file system ends
 * immediately.
 */
const KERNEL = [
  'console=ttyS0 quiet loglevel=1 panic=-1 oops=panic softlockup_panic=1 random.trust_cpu=on',
  'cryptomgr.notests mitigations=off initcall_blacklist=init_kprobe_trace pcie_ports=compat',
].join(' ')

/**
 * QEMU as the helper guest for a disk: it has the disk, one port to its standard input and output, and nothing else. The
 * guest may write, since file systems play their journals back, but only into a file of QEMU's own that has no name.
 * @param disk a raw image
 */
export function helperGuestArguments({ kernel, initramfs }: ReaderKit, disk: string): [string, ...string[]] {
  const fixed = [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-name', 'see-reader'],
    ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ['-machine', 'q35,usb=off,vmport=off,smbus=off,sata=off', '-cpu', 'max', '-m', String(MEMORY_MIB)],
    ['-accel', `tcg,tb-size=${TRANSLATED_MIB}`, '-object', 'rng-random,id=rng,filename=/dev/urandom'],
    ['-device', 'virtio-rng-pci,rng=rng', '-device', 'virtio-serial-pci,max_ports=2'],
    ['-chardev', 'stdio,id=port,signal=off', '-device', 'virtserialport,chardev=port,name=org.see.reader.0'],
    ['-kernel', kernel, '-initrd', initramfs, '-append', KERNEL],
    ['-drive', `file.driver=file,file.filename=${commas(disk)},driver=raw,if=none,id=disk,snapshot=on`],
    ['-device', 'virtio-blk-pci,drive=disk'],
  ].flat()
  // QEMU takes /tmp for no wish at all, and puts the file into /var/tmp then.
  return ['env', 'TMPDIR=/tmp/.', 'qemu-system-x86_64', ...fixed]
}

/** In an option of QEMU's a comma is written as two. */
function commas(path: string): string {
  return path.replaceAll(',', ',,')
}
