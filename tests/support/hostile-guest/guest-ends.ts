import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

/** How a guest ends that does not end as it is asked to. */
export const guestEnds: readonly HostileRow[] = [
  {
    name: 'reboot loop',
    script: `printf '#!/bin/sh\\nbusybox reboot -f\\n' >/etc/init.d/rcS; sync; busybox reboot -f`,
    runtime: 40,
    deadline: 90,
    exitCodes: [0, 2],
    says: ({ report }) => expect(report.guest.reboots).toBeGreaterThan(2),
  },
  {
    name: 'crash that is not reported',
    script: 'echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger',
    runtime: 10,
    deadline: 60,
    exitCodes: [0, 2],
    says: ({ report }) => expect(report.guest.reboots).toBeGreaterThan(0),
  },
  {
    name: 'crash',
    script: 'modprobe pvpanic-mmio; modprobe pvpanic; echo c >/proc/sysrq-trigger',
    runtime: 3,
    deadline: 60,
    exitCodes: [2],
    says: ({ report }) => expect(report.guest.ended).toMatchObject([{ reason: 'crashed' }]),
  },
  {
    name: 'ACPI ignored',
    script: `killall acpid; printf '#!/bin/sh\\n' >/usr/sbin/shutdown; sleep 600`,
    runtime: 3,
    deadline: 60,
    exitCodes: [2],
    says: ({ report }) => expect(report.error).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' }),
  },
]
