import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../../../common/logger.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import type { LimitReached } from '../../../contract/limit-reached.ts'
import { freeMib, hostRoomGauge, hostRoomReached } from '../../limits/host-room.ts'
import { type Gauge, LimitWatch } from '../../limits/limit-watch.ts'
import { rateGauges } from './domain-rates.ts'
import type { GuestWatch } from './guest-watch.ts'
import type { TransientDomain } from './transient-domain.ts'

const MIB = 1024 * 1024
/** The unit of `st_blocks`. */
const BLOCK_BYTES = 512
const NS_PER_SECOND = 1e9

interface WatchedDomain {
  readonly domain: TransientDomain
  readonly watch: GuestWatch
  /** The guest's own disk; undefined for a guest without one, or one whose disk is the user's. */
  readonly disk: string | undefined
  readonly limits: {
    readonly cpu_seconds: number
    readonly disk_mib?: number
    readonly host_disk_mib?: number
    readonly disk_mib_per_second?: number | undefined
    readonly network_mib_per_second?: number | undefined
  }
  /** What else is watched while the guest is on. */
  readonly others?: readonly Gauge[]
  readonly logger: Logger
}

/** Watches, until the environment ends, the limits of a domain that libvirt itself does not know. */
export function watchDomainLimits(watched: WatchedDomain, releases: ReleaseStack): void {
  const { watch, disk, others = [], logger } = watched
  const ofDisk = disk === undefined ? [] : diskGauges(watched, disk)
  const gauges = [cpuGauge(watched), ...ofDisk, ...rateGauges(watched), ...others]
  if (disk !== undefined) {
    watch.onNoRoom = async () => {
      const folder = dirname(disk)
      watch.ends.limitReached(hostRoomReached(folder, 0, await freeMib(folder)))
    }
  }
  const limitWatch = new LimitWatch(
    gauges.map((each) => whileOn(watch, each)),
    logger,
  )
  limitWatch.start()
  releases.defer('the watch over limits', () => limitWatch.stop())
}

function whileOn({ ends }: GuestWatch, gauge: Gauge): Gauge {
  return { ...gauge, measure: async () => (ends.isOn ? await gauge.measure() : undefined) }
}

function cpuGauge({ domain, watch, limits: { cpu_seconds: bound } }: WatchedDomain): Gauge {
  return {
    limit: 'cpu_seconds',
    measure: async () => Number((await domain.getInfo()).cpuTimeNs) / NS_PER_SECOND,
    isReached: (measured) => measured >= bound,
    reached: async (measured) => {
      const detail = `the guest was killed: it used up limits.cpu_seconds, ${bound} seconds of CPU time`
      await kill(domain, watch, { limit: 'cpu_seconds', bound, measured, action: 'killed', detail })
    },
  }
}

function diskGauges({ domain, watch, limits }: WatchedDomain, disk: string): Gauge[] {
  const { disk_mib: bound, host_disk_mib: reserveMib = 0 } = limits
  const pause = async (reached: LimitReached): Promise<void> => {
    // One that is being started, or was paused already, writes nothing.
    if ((await domain.getState()).state !== 'running') return
    await domain.suspend()
    watch.ends.limitReached(reached)
  }
  const room = hostRoomGauge({ folder: dirname(disk), reserveMib, pause })
  if (bound === undefined) return [room]
  const size: Gauge = {
    limit: 'disk_mib',
    measure: async () => (await bytesOf(domain, disk)) / MIB,
    isReached: (measured) => measured >= bound,
    reached: async (measured) => {
      const detail = `the guest was killed: its disk exceeded limits.disk_mib, ${bound} MiB`
      await kill(domain, watch, { limit: 'disk_mib', bound, measured, action: 'killed', detail })
    },
  }
  return [size, room]
}

/** As this host has it; a daemon on another host is asked. */
async function bytesOf(domain: TransientDomain, disk: string): Promise<number> {
  const file = await stat(disk).catch(() => undefined)
  if (file !== undefined) return file.blocks * BLOCK_BYTES
  return Number((await domain.getBlockInfo(disk)).physicalBytes)
}

async function kill(domain: TransientDomain, watch: GuestWatch, reached: LimitReached): Promise<void> {
  // What it wrote meanwhile is bound by the time that libvirt takes.
  await domain.suspend().catch(() => undefined)
  watch.ends.limitReached(reached)
  await domain.kill(reached.detail)
}
