import type { QemuJail } from '@see/qemu'
import { layersOf } from '../../../disks/disk-image.ts'
import type { GuestHardware } from './qemu-arguments.ts'

/** What a guest's QEMU sees of this host. Its run folder, with its disk and sockets, is all that it can write to. */
export function guestJail({ folder, machine, disk, memory, network }: GuestHardware): QemuJail {
  const { kernel, initrd, accelerator } = machine
  const layers = disk?.backing === undefined ? [] : layersOf(disk.backing).map(({ path }) => path)
  return {
    readable: [kernel, initrd, ...layers].filter((path) => path !== undefined),
    // QEMU before 8.2 opens a template's memory for writing, though it maps it privately.
    writable: [folder.path, ...(memory === undefined ? [] : [memory.path])],
    devices: accelerator === 'kvm' ? ['/dev/kvm'] : [],
    hasHostNetwork: isOnHostNetwork(network),
  }
}

/** Whether QEMU makes connections, or takes them, itself: all else that a guest may reach is reached by this process. */
function isOnHostNetwork({ mode, forward }: GuestHardware['network']): boolean {
  return mode === 'user' || forward.length > 0
}
