import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

/** What a guest does to itself: all of its processes, its memory, its disk. */
export const exhaustedGuests: readonly HostileRow[] = [
  {
    name: 'fork bomb',
    script: 'bomb() { bomb | bomb & }; bomb; sleep 600',
    runtime: 10,
    deadline: 60,
    exitCodes: [0, 2],
    says: ({ report }) => {
      const codes = [report.error?.code, ...report.warnings.map(({ code }) => code)]
      expect(codes.some((code) => code === 'SHUTDOWN_TIMEOUT' || code === 'AGENT_SILENT')).toBe(true)
    },
  },
  {
    name: 'memory hog',
    script: 'for each in 1 2 3; do dd if=/dev/zero of=/dev/null bs=200M & done; wait; tail /dev/zero',
    runtime: 10,
    deadline: 60,
    exitCodes: [0, 2],
    says: ({ report }) => expect(report.commands).toHaveLength(1),
  },
  {
    name: 'disk fill',
    script: 'dd if=/dev/urandom of=/root/big bs=1M; sync; sleep 600',
    resources: { limits: { disk_mib: 64 } },
    runtime: 8,
    deadline: 60,
    exitCodes: [2],
    says: ({ report }) =>
      expect(report.limits).toMatchObject([{ limit: 'disk_mib', bound: 64, action: 'killed' }]),
  },
]
