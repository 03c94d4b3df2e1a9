import type { QemuProcess } from '@see/qemu'
import { z } from 'zod'
import type { LimitReached } from '../../../contract/limit-reached.ts'
import type { Gauge } from '../../limits/limit-watch.ts'
import { rateGauge } from '../../limits/rate-gauge.ts'
import type { EmbeddedConfiguration } from '../configuration/configuration.ts'

/** The disks that a guest may have, at most, are few. */
const blockStats = z.array(
  z.object({ stats: z.object({ rd_bytes: z.number(), wr_bytes: z.number() }), qdev: z.string().optional() }),
)

/** The rate of the guest's own disk, where it is bounded. Others that are plugged in count with it. */
export function diskRateGauges(
  { qmp }: Pick<QemuProcess, 'qmp'>,
  { disk_mib_per_second: bound }: EmbeddedConfiguration['limits'],
  reached: (limit: LimitReached) => void,
): Gauge[] {
  if (bound === undefined) return []
  const bytes = async () => {
    const disks = blockStats.parse(await qmp.execute('query-blockstats'))
    return disks.reduce((sum, { stats }) => sum + stats.rd_bytes + stats.wr_bytes, 0)
  }
  const what = 'what the guest reads and writes of its disk'
  return [rateGauge({ limit: 'disk_mib_per_second', bound, what, bytes, reached })]
}
