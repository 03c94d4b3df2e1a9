import { z } from 'zod'
import { type LibvirtKind, unlessMissing } from '../../daemon/libvirt-kind.ts'
import { tableName } from './table-kind.ts'

const payload = z.strictObject({ uri: z.string(), name: z.string() })

/** A network filter of libvirt's for one interface of an environment. */
export const filterKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'libvirt-filter',
  isLasting: true,
  payload,
  undo: async ({ identifier, payload: { uri, name }, daemons }) => {
    if (!name.startsWith(tableName(identifier))) throw new Error(`the filter ${name} is not of ${identifier}`)
    const hypervisor = await daemons.at(uri)
    const found = await unlessMissing(
      'VIR_ERR_NO_NWFILTER',
      hypervisor.call('NWFILTER_LOOKUP_BY_NAME', { name }),
    )
    if (found !== undefined) await hypervisor.call('NWFILTER_UNDEFINE', { nwfilter: found.nwfilter })
  },
}
