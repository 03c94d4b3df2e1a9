import { statfs } from 'node:fs/promises'
import type { LimitReached } from '../../contract/limit-reached.ts'
import type { Gauge } from './limit-watch.ts'

const MIB = 1024 * 1024

interface HostRoom {
  /** The folder in which the guest's disk grows. */
  readonly folder: string
  /** MiB that stay free; 0 for none. */
  readonly reserveMib: number
  /** Pauses the guest and puts the limit on record. */
  readonly pause: (reached: LimitReached) => Promise<void>
}

/** Pauses a guest before its disk fills the host's. */
export function hostRoomGauge({ folder, reserveMib, pause }: HostRoom): Gauge {
  let bound: number | undefined
  return {
    limit: 'host_disk_mib',
    measure: async () => {
      const free = await freeMib(folder)
      // What is nearly full from the start is not the guest's doing.
      bound ??= Math.min(reserveMib, Math.floor(free / 2))
      return free
    },
    isReached: (free) => free < (bound ?? 0),
    reached: async (free) => await pause(hostRoomReached(folder, bound ?? 0, free)),
  }
}

/** @param folder where the guest's disk grows */
export async function freeMib(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.floor((bavail * bsize) / MIB)
}

export function hostRoomReached(folder: string, bound: number, measured: number): LimitReached {
  const detail = `the guest is paused: ${measured} MiB are free in ${folder}, where ${bound} MiB stay free; make room, and resume it`
  return { limit: 'host_disk_mib', bound, measured, action: 'paused', detail }
}
