import { z } from 'zod'
import { type LibvirtKind, type Undoing, unlessMissing } from '../../daemon/libvirt-kind.ts'
import { bridgeNameOf } from '../../xml/interface-names.ts'
import { removeLeftBridge } from './left-bridge.ts'
import { removeLeftOfNetwork } from './leftovers.ts'

const payload = z.strictObject({ uri: z.string() })

/** The network of an environment's own, and what libvirt leaves of it. */
export const networkKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'libvirt-network',
  isLasting: false,
  payload,
  undo: undoNetwork,
}

async function undoNetwork({
  identifier,
  payload: { uri },
  daemons,
}: Undoing<z.output<typeof payload>>): Promise<void> {
  const hypervisor = await daemons.at(uri)
  const network = await unlessMissing('VIR_ERR_NO_NETWORK', hypervisor.networkLookupByUUID(identifier))
  // It is transient: destroyed, it is gone.
  if (network?.name === identifier) await unlessMissing('VIR_ERR_NO_NETWORK', network.destroy())
  await removeLeftBridge(hypervisor, { bridge: bridgeNameOf(identifier), network: identifier })
  await removeLeftOfNetwork(identifier)
}
