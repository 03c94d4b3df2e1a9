import { z } from 'zod'
import type { JournalEntry } from '../../../../common/journal.ts'
import { requireTool } from '../../../../host/required-tool.ts'
import { entryOf, type LibvirtKind } from '../../daemon/libvirt-kind.ts'
import { leaveForKilled } from './host-network.ts'

const payload = z.strictObject({ uri: z.string(), name: z.string().regex(/^see-[a-z0-9-]+$/) })

/** The entry of an environment on one. */
export function sharedEntry(uri: string, name: string): JournalEntry {
  return entryOf(sharedKind, `shared network ${name}`, { uri, name })
}

/** The place of an environment on a shared network, and the network itself when nothing else uses it. */
export const sharedKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'libvirt-shared-network',
  isLasting: false,
  payload,
  undo: async ({ payload: { uri, name }, daemons }) => {
    await leaveForKilled(await daemons.at(uri), name, await requireTool('nft', 'nftables'))
  },
}
