import type { Gauge } from '../../limits/limit-watch.ts'
import type { GuestWatch } from '../domain/guest-watch.ts'
import type { TransientDomain } from '../domain/transient-domain.ts'
import { killedForMemory, type ProcessBound } from './control-groups.ts'

interface WatchedContainer {
  readonly domain: TransientDomain
  readonly watch: GuestWatch
  readonly bound: ProcessBound
  readonly limits: { readonly processes: number; readonly memory_mib?: number | undefined }
}

/** What is watched of a container beside what is watched of every domain. */
export function containerGauges({ domain, watch, bound, limits }: WatchedContainer): Gauge[] {
  const { processes, memory_mib: memoryMib } = limits
  const refused: Gauge = {
    limit: 'processes',
    ...newOnes(() => bound.hold(domain.id)),
    reached: async () => {
      const detail = `the container may have ${processes} processes and threads, limits.processes, and was refused more`
      watch.ends.limitReached({
        limit: 'processes',
        bound: processes,
        measured: processes,
        action: 'refused',
        detail,
      })
    },
  }
  if (memoryMib === undefined) return [refused]
  const killed: Gauge = {
    limit: 'memory_mib',
    ...newOnes(() => killedForMemory(domain.id)),
    reached: async () => {
      const detail = `the container used up its ${memoryMib} MiB of memory, limits.memory_mib, and a process of it was killed`
      watch.ends.limitReached({
        limit: 'memory_mib',
        bound: memoryMib,
        measured: memoryMib,
        action: 'killed',
        detail,
      })
    },
  }
  return [refused, killed]
}

/** Reached where a count that only grows has grown since, once a minute at most. */
function newOnes(count: () => Promise<number | undefined>): Pick<Gauge, 'measure' | 'isReached'> {
  let before = 0
  let quietUntil = 0
  return {
    measure: count,
    isReached: (now) => {
      const hasGrown = now > before
      before = now
      if (!hasGrown || performance.now() < quietUntil) return false
      quietUntil = performance.now() + 60_000
      return true
    },
  }
}
