import type { AbilitiesWith } from '../../../contract/abilities.ts'
import type { InterfacesListener } from '../../../contract/capture-ability.ts'
import type { AllocatedContainer } from './allocate-container.ts'

/** @param allocated throws while there is no container */
export function containerAbilities(
  allocated: () => AllocatedContainer,
): AbilitiesWith<'agent' | 'capture' | 'console' | 'ends'> {
  return {
    agent: {
      get own() {
        return allocated().agent
      },
    },
    capture: {
      // Every device of a container is one of this host.
      start: async () => undefined,
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
    ends: { watch: (listener) => void (allocated().watch.ends.listener = listener) },
  }
}

async function watchInterfaces(
  { network, address, edited }: AllocatedContainer,
  listener: InterfacesListener,
): Promise<(() => void) | undefined> {
  const { interfacesIn } = await import('../xml/domain-devices.ts')
  const { capturePointAt, interfacesWithoutDevice } = await import('../xml/guest-devices.ts')
  const { watchDevices } = await import('./device-watch.ts')
  const written = edited.xml
  const interfaces = interfacesIn(written)
  if (interfaces.length === 0) return undefined
  const untraceable = interfacesWithoutDevice(written)
  if (untraceable.length > 0) await listener({ points: [], untraceable })
  const names = interfaces.flatMap(({ target }) => (target === undefined ? [] : [target]))
  const bridge = address === undefined ? undefined : await network?.getBridgeName()
  const report = async (name: string): Promise<void> => {
    const { macAddress } = interfaces.find(({ target }) => target === name) ?? {}
    const isShared = name === names[0]
    const point = await capturePointAt(
      { target: name, macAddress, bridge },
      { address: isShared ? address : undefined, isLate: true },
    )
    await listener({ points: [point], untraceable: [] })
  }
  return await watchDevices(names, report)
}
