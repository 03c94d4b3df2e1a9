import { z } from 'zod'
import { requireTool } from '../../../../host/required-tool.ts'
import type { LibvirtKind } from '../../daemon/libvirt-kind.ts'
import { leaveForKilled } from './host-network.ts'

const payload = z.strictObject({ uri: z.string(), name: z.string().regex(/^see-[a-z0-9-]+$/) })

/** The place of an environment on a shared network, and the network itself when nothing else uses it. */
export const sharedKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'libvirt-shared-network',
  isLasting: false,
  payload,
  undo: async ({ payload: { uri, name }, daemons }) => {
    await leaveForKilled(await daemons.at(uri), name, await requireTool('nft', 'nftables'))
  },
}
