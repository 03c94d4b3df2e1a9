import type { Hypervisor } from '@see/libvirt'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { pickGuestSubnet } from '../../../common/guest-subnet.ts'
import { qemuOwner } from '../../../disks/qemu-user.ts'
import { Sinkhole } from '../../sinkhole/sinkhole.ts'
import { SinkholePort } from '../../sinkhole/sinkhole-port.ts'

const ROOT = 0

/**
 * Makes the sinkhole of a guest that libvirt starts, and opens the port at which its QEMU finds it; both go at the end.
 * @param own whom QEMU runs as, if not as all guests do
 */
export async function openSinkhole(
  hypervisor: Hypervisor,
  releases: ReleaseStack,
  own: { readonly uid: number } | undefined,
): Promise<{ sinkhole: Sinkhole; port: number }> {
  const sinkhole = Sinkhole.inSubnet(pickGuestSubnet())
  const { uid } = own ?? (await qemuOwner(hypervisor)) ?? { uid: process.geteuid?.() ?? ROOT }
  const opened = await SinkholePort.open(sinkhole, [uid, ROOT])
  releases.defer('the sinkhole', async () => {
    sinkhole.disconnect()
    await opened.close()
  })
  return { sinkhole, port: opened.port }
}
