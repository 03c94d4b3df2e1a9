import type { Abilities } from '../../contract/abilities.ts'
import type { AttachedDisk } from '../../contract/attach-ability.ts'
import type { CaptureOptions, PacketCapture } from '../../contract/capture-ability.ts'
import type { GuestDisk } from '../../contract/disk-ability.ts'
import type { GuestEnds } from '../../contract/guest-ends.ts'
import type { AllocatedGuest } from './allocate-guest.ts'
import { DISK_NAME } from './disk/disk-name.ts'

interface GuestWiring {
  readonly hasInterface: boolean
  readonly hasVnc: boolean
  readonly ends: GuestEnds
}

/** @param allocated throws while there is no guest */
export function guestAbilities(
  allocated: () => AllocatedGuest,
  { hasInterface, hasVnc, ends }: GuestWiring,
): Required<Abilities> {
  return {
    agent: {
      get channel() {
        return allocated().domain.agentChannel
      },
    },
    attach: { file: (path) => attach(allocated(), path) },
    capture: {
      start: async (options) => (hasInterface ? await capture(allocated(), options) : undefined),
      get sinkhole() {
        return allocated().sinkhole
      },
    },
    console: {
      isConfigured: async () => true,
      open: (options) => allocated().domain.openConsole(options),
    },
    disk: { first: async () => ownDisk(allocated()), others: async () => [] },
    ends: { watch: (listener) => void (ends.listener = listener) },
    memory: { dump: (path, options) => allocated().domain.coreDump(path, options) },
    screen: { isConfigured: async () => true, capture: (options) => allocated().domain.screenshot(options) },
    vnc: {
      server: async () => {
        if (!hasVnc) return undefined
        const { domain, launcher } = allocated()
        const { host, port } = launcher.screen
        return { host, port: domain.isRunning ? port : undefined }
      },
    },
  }
}

async function attach({ launcher, domain }: AllocatedGuest, path: string): Promise<AttachedDisk> {
  const { orHypervisorFailed } = await import('./qemu/qemu-failure.ts')
  return await orHypervisorFailed(launcher.slots.plug(domain.qemu.qmp, path))
}

async function capture(
  { launcher, domain }: AllocatedGuest,
  { snapLength }: CaptureOptions,
): Promise<PacketCapture> {
  const { orHypervisorFailed } = await import('./qemu/qemu-failure.ts')
  return await orHypervisorFailed(launcher.capture(snapLength, domain.isRunning ? domain.qemu : undefined))
}

function ownDisk({ folder, inputs: { image } }: AllocatedGuest): GuestDisk | undefined {
  if (image === undefined) return undefined
  const read: GuestDisk['read'] = async ({ signal }) => {
    const { openSandboxFile } = await import('../../disks/sandbox-file.ts')
    return (await openSandboxFile(folder.of(DISK_NAME))).createReadStream({ signal })
  }
  return { image, read }
}
