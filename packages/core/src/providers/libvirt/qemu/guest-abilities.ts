import type { Abilities } from '../../../contract/abilities.ts'
import type { AttachedDisk } from '../../../contract/attach-ability.ts'
import type { InterfacesListener } from '../../../contract/capture-ability.ts'
import { SeeError } from '../../../common/errors.ts'
import type { AllocatedGuest } from './allocate-guest.ts'

/** @param allocated throws while there is no guest */
export function guestAbilities(allocated: () => AllocatedGuest): Required<Abilities> {
  return {
    agent: {
      get channel() {
        return allocated().agentChannel
      },
    },
    attach: { file: (path) => attach(allocated(), path) },
    capture: {
      start: async (options) => {
        const { domain, sinkhole } = allocated()
        return sinkhole?.capture(options, await domain.isActive())
      },
      interfaces: { watch: (listener) => watchInterfaces(allocated(), listener) },
      get sinkhole() {
        return allocated().sinkhole
      },
    },
    console: {
      isConfigured: async () => {
        const { hasConsoleIn } = await import('../xml/domain-devices.ts')
        return hasConsoleIn(allocated().accepted)
      },
      open: (options) => allocated().domain.openConsole(options),
    },
    disk: {
      first: async () => allocated().storage?.disk,
      others: async () => allocated().otherDisks,
    },
    ends: { watch: (listener) => void (allocated().watch.ends.listener = listener) },
    memory: { dump: (path, options) => allocated().domain.coreDump(path, options) },
    screen: {
      isConfigured: async () => {
        const { hasScreenIn } = await import('../xml/domain-devices.ts')
        return hasScreenIn(allocated().accepted)
      },
      capture: (options) => allocated().domain.screenshot(options),
    },
    vnc: {
      server: async () => {
        const { vncServerIn } = await import('../xml/domain-devices.ts')
        return vncServerIn(await allocated().domain.getXMLDesc())
      },
    },
  }
}

async function attach({ domain, storage }: AllocatedGuest, path: string): Promise<AttachedDisk> {
  if (storage?.pool === undefined) {
    throw new SeeError('STORAGE_FAILED', 'a disk can be attached only where the configuration has a "disk"')
  }
  const { attachFile } = await import('../storage/attach-file.ts')
  return await attachFile(domain, storage.pool, path)
}

async function watchInterfaces(
  { domain, address, sinkhole }: AllocatedGuest,
  listener: InterfacesListener,
): Promise<(() => void) | undefined> {
  const { interfacesIn } = await import('../xml/domain-devices.ts')
  const { guestInterfaces } = await import('../xml/guest-devices.ts')
  // What ends in the sinkhole is captured there.
  const from = sinkhole === undefined ? 0 : 1
  if (interfacesIn(await domain.getXMLDesc()).length <= from) return undefined
  const report = async (xml: string, isLate: boolean) => {
    await listener(await guestInterfaces(xml, { address, from, isLate }))
  }
  if (await domain.isActive()) await report(await domain.getXMLDesc(), true)
  return domain.whenDevicesExist((xml) => report(xml, false))
}
