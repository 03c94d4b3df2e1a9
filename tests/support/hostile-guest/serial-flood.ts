import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
const LIMIT = 64 * 1024

const flood = (device: string, bytes: number): Pick<HostileRow, 'script' | 'hooks' | 'exitCodes'> => ({
  script: `head -c ${bytes} /dev/zero | tr '\\0' x >${device}; echo done; sleep 600`,
  hooks: [{ name: '@see/hooks#ConsoleHook', configuration: { console_limit: LIMIT } }],
  exitCodes: [0],
})

/** Without KVM an emulated serial port takes some 200 KB a second, and a virtual console 1 MB: hours for a gigabyte. */
export const serialFloods: readonly HostileRow[] = [
  {
    name: 'serial flood',
    ...flood('/dev/ttyS0', GIB),
    runtime: 20,
    deadline: 60,
    says: ({ report }) => {
      expect(report.warnings.map(({ code }) => code)).toContain('CONSOLE_CUT')
      expect(report.limits).toMatchObject([{ limit: 'console_limit', bound: LIMIT, action: 'cut' }])
    },
  },
  {
    name: 'console flood of 16 MiB',
    ...flood('/dev/hvc0', 16 * MIB),
    only: 'libvirt',
    domain: (xml) =>
      xml.replace('<serial type="pty"/>', '<console type="pty"><target type="virtio"/></console>'),
    runtime: 120,
    deadline: 200,
    says: ({ report }) => {
      expect(report.commands).toMatchObject([{ stdout: 'done\n' }])
      const [limit] = report.limits
      expect(limit).toMatchObject({ limit: 'console_limit', bound: LIMIT, action: 'cut' })
      expect(limit?.measured).toBeGreaterThanOrEqual(16 * MIB)
    },
  },
]
