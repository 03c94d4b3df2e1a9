import type { ContextFactory, SeeContext } from '@see/core'
import { type Ability, simulatedFactory, type SimulatedResources } from '@see/core/testing'

/** Devices of the host that are captured on, though nothing is: every host has the loopback device. */
const interfaces = {
  points: [{ device: 'lo', isLate: false, packetsSent: () => 0 }],
  untraceable: [],
}

const made: SeeContext<SimulatedResources>[] = []

/** Makes simulated sandboxes whose provider lacks abilities, and whose packets others capture. */
export function simulated(...lacking: readonly Ability[]): ContextFactory {
  const factory = simulatedFactory({ lacking, guest: { interfaces } })
  return async (...parameters) => {
    const context = await factory(...parameters)
    made.push(context)
    return context
  }
}

/** What became of all sandboxes since it was asked last. */
export function sandboxes(): { made: number; allocated: number; powerOns: number } {
  const all = made.splice(0)
  return {
    made: all.length,
    allocated: all.filter(({ resources }) => resources.allocated).length,
    powerOns: all.reduce((sum, { domain }) => sum + domain.powerOns, 0),
  }
}
