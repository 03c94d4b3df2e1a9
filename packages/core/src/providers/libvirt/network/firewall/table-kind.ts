import { z } from 'zod'
import type { LibvirtKind } from '../../daemon/libvirt-kind.ts'
import { requireTool } from '../../../../host/required-tool.ts'
import { applyRules } from './nftables.ts'
import { withoutNoLanTable } from './no-lan-rules.ts'

const payload = z.strictObject({ name: z.string() })

/** The tables of nftables of an environment, one for frames and one for packets. */
export const tableKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'nftables',
  isLasting: false,
  payload,
  undo: async ({ identifier, payload: { name } }) => {
    if (name !== tableName(identifier)) throw new Error(`the table ${name} is not of ${identifier}`)
    await applyRules(await requireTool('nft', 'nftables'), withoutNoLanTable(name))
  },
}

/** The name of an environment's tables, and of its network filters. */
export function tableName(identifier: string): string {
  return `see-${identifier}`
}
