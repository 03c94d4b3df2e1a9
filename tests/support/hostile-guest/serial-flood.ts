import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

const GIB = 1024 ** 3
const LIMIT = 1024 ** 2

const flood = (device: string): Pick<HostileRow, 'script' | 'hooks' | 'exitCodes'> => ({
  script: `head -c ${GIB} /dev/zero | tr '\\0' x >${device}; echo done; sleep 600`,
  hooks: [{ name: '@see/hooks#ConsoleHook', configuration: { console_limit: LIMIT } }],
  exitCodes: [0],
})

/** An emulated serial port takes some 200 KB a second, and hours for a gigabyte; a virtual console takes it as fast as it is read. */
export const serialFloods: readonly HostileRow[] = [
  {
    name: 'serial flood',
    ...flood('/dev/ttyS0'),
    runtime: 20,
    deadline: 60,
    says: ({ report }) => {
      expect(report.warnings.map(({ code }) => code)).toContain('CONSOLE_CUT')
      expect(report.limits).toMatchObject([{ limit: 'console_limit', bound: LIMIT, action: 'cut' }])
    },
  },
  {
    name: 'console flood of 1 GiB',
    ...flood('/dev/hvc0'),
    only: 'libvirt',
    domain: (xml) =>
      xml.replace('<serial type="pty"/>', '<console type="pty"><target type="virtio"/></console>'),
    runtime: 100,
    deadline: 200,
    says: ({ report }) => {
      expect(report.commands).toMatchObject([{ stdout: 'done\n' }])
      expect(report.limits).toMatchObject([{ limit: 'console_limit', bound: LIMIT, measured: GIB }])
    },
  },
]
