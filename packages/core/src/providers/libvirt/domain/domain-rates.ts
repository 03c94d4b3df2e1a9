import type { LimitReached } from '../../../contract/limit-reached.ts'
import type { Gauge } from '../../limits/limit-watch.ts'
import { rateGauge } from '../../limits/rate-gauge.ts'
import { interfacesIn } from '../xml/domain-devices.ts'
import type { GuestWatch } from './guest-watch.ts'
import type { TransientDomain } from './transient-domain.ts'

interface RatedDomain {
  readonly domain: TransientDomain
  readonly watch: GuestWatch
  /** The guest's own disk, if it has one. */
  readonly disk: string | undefined
  readonly limits: {
    readonly disk_mib_per_second?: number | undefined
    readonly network_mib_per_second?: number | undefined
  }
}

/** Watches the rates that are bounded. */
export function rateGauges({ domain, watch, disk, limits }: RatedDomain): Gauge[] {
  const reached = (limit: LimitReached): void => watch.ends.limitReached(limit)
  const { disk_mib_per_second: ofDisk, network_mib_per_second: ofNetwork } = limits
  const gauges: Gauge[] = []
  if (ofDisk !== undefined && disk !== undefined) {
    const bytes = async () => {
      const { readBytes, writtenBytes } = await domain.getBlockStats(disk)
      return Number(readBytes + writtenBytes)
    }
    const what = 'what the guest reads and writes of its disk'
    gauges.push(rateGauge({ limit: 'disk_mib_per_second', bound: ofDisk, what, bytes, reached }))
  }
  if (ofNetwork !== undefined) {
    const device = firstDevice(domain)
    for (const way of ['receivedBytes', 'sentBytes'] as const) {
      const bytes = async () => {
        const name = await device()
        return name === undefined ? undefined : Number((await domain.getInterfaceStats(name))[way])
      }
      // As the host sees it.
      const what = `what the guest ${way === 'receivedBytes' ? 'sends' : 'receives'}`
      gauges.push(rateGauge({ limit: 'network_mib_per_second', bound: ofNetwork, what, bytes, reached }))
    }
  }
  return gauges
}

/** The host's side of the first interface, which is made at each power-on. */
function firstDevice(domain: TransientDomain): () => Promise<string | undefined> {
  let known: { readonly run: number; readonly name: string | undefined } | undefined
  return async () => {
    const run = domain.id
    if (known?.run !== run) known = { run, name: interfacesIn(await domain.getXMLDesc())[0]?.target }
    return known.name
  }
}
