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

const withFiles = (script: string, code: string): Omit<HostileRow, 'name'> => ({
  script: `mkdir /root/many; cd /root/many; ${script}; sync; echo made; sleep 600`,
  // A template has its own disk.
  resources: (guest) => ({ ...guest, template: undefined, disk: { image: roomyDisk() } }),
  hooks: [{ name: '@see/hooks#DiskStateAnalyser', configuration: { extract_files: true } }],
  runtime: 90,
  deadline: 300,
  exitCodes: [0, 2, 3],
  says: ({ report }) => {
    expect(report.commands).toMatchObject([{ stdout: 'made\n' }])
    expect(report.warnings.map((warning) => warning.code)).toContain(code)
  },
})

export const manyFiles: readonly HostileRow[] = [
  {
    name: '100,000 files',
    ...withFiles(
      `for each in $(seq ${FILES / 1000}); do mkdir $each; (cd $each; touch $(seq 1000)); done`,
      'DISK_CHANGES_CUT',
    ),
  },
  {
    // The Sleuth Kit takes minutes for one folder of so many, and says nothing meanwhile.
    name: '100,000 files in one folder',
    ...withFiles(`seq ${FILES} | xargs -n 2000 touch`, 'DISK_PARTITION_NOT_COMPARED'),
  },
]
