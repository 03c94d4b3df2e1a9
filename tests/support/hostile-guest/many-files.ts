import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import { tinyGuest } from '../tiny-guest.ts'
import type { HostileRow } from './hostile-row.ts'

const FILES = 100_000
const DISK_BYTES = 2 * 1024 ** 3

/** The disk of the tiny guest with room for so many files. */
function roomyDisk(): string {
  const path = join(inject('runFolder'), 'roomy.qcow2')
  if (existsSync(path)) return path
  const raw = `${path}.raw`
  execFileSync('qemu-img', ['convert', '-O', 'raw', join(tinyGuest(), 'disk.qcow2'), raw])
  truncateSync(raw, DISK_BYTES)
  execFileSync('resize2fs', ['-f', raw], { stdio: 'ignore' })
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, `${path}.new`])
  rmSync(raw)
  renameSync(`${path}.new`, path)
  return path
}

export const manyFiles: readonly HostileRow[] = [
  {
    name: '100,000 files',
    script: `mkdir /root/many; cd /root/many; seq ${FILES} | xargs -n 2000 touch; ls | wc -l; sync; sleep 600`,
    // A template has its own disk.
    resources: (guest) => ({ ...guest, template: undefined, disk: { image: roomyDisk() } }),
    hooks: [{ name: '@see/hooks#DiskStateAnalyser', configuration: { extract_files: true } }],
    runtime: 60,
    deadline: 240,
    exitCodes: [0, 2, 3],
    says: ({ report, read }) => {
      expect(report.warnings.map(({ code }) => code)).toContain('DISK_CHANGES_CUT')
      expect(read('_filesystem.json')).toContain('/root/many/')
    },
  },
]
