import type { Abilities, Ability } from '../contract/abilities.ts'
import type { AgentAbility } from '../contract/agent-ability.ts'
import type { CaptureAbility } from '../contract/capture-ability.ts'
import type { DiskAbility } from '../contract/disk-ability.ts'
import type { EndsAbility } from '../contract/ends-ability.ts'
import { type Faults, mayFail } from './faults.ts'
import { emptyDisk } from './simulated-disk.ts'
import type { SimulatedDomain } from './simulated-domain.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import { SimulatedCapture, type SimulatedSinkhole } from './simulated-network.ts'

interface SimulatedSandbox {
  readonly domain: SimulatedDomain
  readonly guest: SimulatedGuest
  readonly faults: Faults
  readonly agent: AgentAbility
  readonly sinkhole: SimulatedSinkhole | undefined
  /** Gets every capture that is begun. */
  readonly captures: SimulatedCapture[]
  readonly ends: EndsAbility
  /** What its provider cannot do. */
  readonly lacking: readonly Ability[]
}

/** All abilities but those that are lacking. */
export function simulatedAbilities(sandbox: SimulatedSandbox): Abilities {
  const { domain, guest, faults, agent, ends } = sandbox
  const all: { -readonly [Each in Ability]?: NonNullable<Abilities[Each]> } = {
    agent,
    capture: captureOf(sandbox),
    console: {
      isConfigured: async () => has(faults, 'console'),
      open: (options) => domain.openConsole(options),
    },
    disk: diskOf(sandbox),
    ends,
    memory: { dump: (path, options) => domain.coreDump(path, options) },
    screen: { isConfigured: async () => has(faults, 'screen'), capture: () => domain.screenshot() },
    vnc: {
      server: async () => {
        mayFail(faults, 'vncServer')
        if (!has(faults, 'vnc')) return undefined
        const { vncPort = 5900 } = guest
        return { host: '127.0.0.1', port: domain.state === 'shutoff' ? undefined : vncPort }
      },
    },
  }
  for (const ability of sandbox.lacking) delete all[ability]
  return all
}

/** Either the provider captures, or others do on devices of this host. */
function captureOf({ guest, faults, sinkhole, captures }: SimulatedSandbox): CaptureAbility {
  const { interfaces } = guest
  const start: CaptureAbility['start'] = async () => {
    mayFail(faults, 'capture')
    if (interfaces !== undefined || !has(faults, 'network')) return undefined
    const capture = new SimulatedCapture(guest.packets, faults)
    captures.push(capture)
    return capture
  }
  if (interfaces === undefined) return { start, sinkhole }
  return {
    start,
    sinkhole,
    interfaces: {
      watch: async (listener) => {
        mayFail(faults, 'watchInterfaces')
        if (!has(faults, 'network')) return undefined
        await listener(interfaces)
        return () => undefined
      },
    },
  }
}

function diskOf({ guest, faults }: SimulatedSandbox): DiskAbility {
  const { disk = emptyDisk, otherDisks = [] } = guest
  return {
    first: async () => {
      mayFail(faults, 'guestDisk')
      if (!has(faults, 'disk')) return undefined
      return {
        image: disk.image,
        read: async (options) => {
          mayFail(faults, 'read')
          return await disk.read(options)
        },
      }
    },
    others: async () => otherDisks,
  }
}

function has({ without }: Faults, part: NonNullable<Faults['without']>[number]): boolean {
  return without?.includes(part) !== true
}
