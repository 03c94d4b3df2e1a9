import { z } from 'zod'
import { requireTool } from '../../../host/required-tool.ts'
import { seesDevice } from '../network/firewall/nftables.ts'
import type { LibvirtKind } from '../daemon/libvirt-kind.ts'
import { killControllersOf } from './kill-controllers.ts'
import { removeLeftByLibvirt } from './leftovers.ts'
import { runIp } from '../../../host/run-ip.ts'
import { sinkholeDeviceOf } from './sinkhole-device.ts'

const nothing = z.strictObject({})
/** The devices of its interfaces on this host that SEE names. */
const devices = z.strictObject({ devices: z.array(z.string()).default([]) })

/** What libvirt leaves of a container. */
export const containerKind: LibvirtKind<z.output<typeof devices>> = {
  kind: 'libvirt-container',
  isLasting: false,
  payload: devices,
  undo: async ({ identifier, payload }) => {
    await killControllersOf(identifier)
    await removeLeftByLibvirt(identifier, payload.devices)
  },
}

/** The device of a container's sinkhole. */
export const sinkholeDeviceKind: LibvirtKind<z.output<typeof nothing>> = {
  kind: 'tap-device',
  isLasting: false,
  payload: nothing,
  undo: async ({ identifier }) => {
    const device = sinkholeDeviceOf(identifier)
    if (await seesDevice(device)) await runIp(await requireTool('ip', 'iproute2'), 'link', 'delete', device)
  },
}
