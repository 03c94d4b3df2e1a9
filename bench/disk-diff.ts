import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { DiskStateAnalyser, type FilesystemReport } from '@see/hooks'
import { median } from './median.ts'

// What DiskStateAnalyser takes for a disk of 10,000 files, by The Sleuth Kit or by the kernel of the helper guest, beside
// listing both images by bare programs, in one run.

const ROUNDS = 9
const FOLDERS = 100
const FILES = 100
const CHANGED = 50
const PROMISED_MS = 1500

const folder = mkdtempSync(join(tmpdir(), 'see-bench-'))
const image = join(folder, 'base.qcow2')
const changedDisk = join(folder, 'changed.qcow2')
const pendingDisk = join(folder, 'pending.qcow2')
const sameDisk = join(folder, 'same.qcow2')
const raws = [join(folder, 'before.raw'), join(folder, 'after.raw')] as const

/** 10,000 files of a kilobyte or four, and a second disk on which some are changed. */
function makeImages(): void {
  const root = join(folder, 'root')
  for (let outer = 0; outer < FOLDERS; outer++) {
    mkdirSync(join(root, `folder ${outer}`), { recursive: true })
    for (let inner = 0; inner < FILES; inner++) {
      const content = `${outer} ${inner}\n`.repeat(100 + inner * 5)
      writeFileSync(join(root, `folder ${outer}`, `file ${inner}`), content)
    }
  }
  ext4(raws[0], root)
  for (let changed = 0; changed < CHANGED; changed++) {
    writeFileSync(join(root, `folder ${changed}`, 'file 7'), 'changed')
  }
  ext4(raws[1], root)
  run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raws[0], image)
  run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-B', image, '-F', 'qcow2', raws[1], changedDisk)
  // The Sleuth Kit does not look into a journal that is pending.
  run('debugfs', '-w', '-R', 'feature +needs_recovery', raws[1])
  run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-B', image, '-F', 'qcow2', raws[1], pendingDisk)
  run('debugfs', '-w', '-R', 'feature -needs_recovery', raws[1])
  run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image, '-F', 'qcow2', sameDisk)
}

function ext4(path: string, root: string): void {
  writeFileSync(path, '')
  truncateSync(path, 256 * 1024 * 1024)
  // The same inodes and times, but for what is changed.
  run('mke2fs', '-q', '-t', 'ext4', '-d', root, '-U', '00000000-0000-4000-8000-000000000000', path)
}

function run(program: string, ...argv: string[]): void {
  execFileSync(program, argv, { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 })
}

/** @returns milliseconds of an analysis */
async function analysis(checkpoint: string, configuration: object = {}): Promise<number> {
  const disk = { image: { path: image, format: 'qcow2' }, read: async () => createReadStream(checkpoint) }
  await using environment = await Environment.allocate(simulatedFactory({ guest: { disk } }), {
    configuration: { results_folder: join(folder, 'results'), ...configuration },
    hooks: [{ name: `@see/hooks#${DiskStateAnalyser.name}` }],
  })
  const { context } = environment
  await context.trigger('disk_checkpoint_taken', { path: checkpoint })
  const start = performance.now()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  const ms = performance.now() - start
  await context.settled()
  for (const { error } of context.failures) throw error
  const report = readFileSync(join(folder, 'results', `${environment.identifier}_filesystem.json`), 'utf8')
  const parsed: FilesystemReport = JSON.parse(report)
  for (const { what, why } of parsed.warnings) throw new Error(`${what}: ${why}`)
  return ms
}

/** @returns milliseconds of listing both images, one after the other, by the bare program */
async function bare(...argv: readonly [string, ...string[]]): Promise<number> {
  const start = performance.now()
  for (const raw of raws) run(...argv, raw)
  return performance.now() - start
}

const cases = [
  { what: 'fls of both, bare', work: () => bare('fls', '-r', '-p', '-u', '-m', '/') },
  { what: 'analysis, nothing changed', work: () => analysis(sameDisk), promise: PROMISED_MS },
  { what: `analysis, ${CHANGED} files changed`, work: () => analysis(changedDisk) },
  { what: 'the same by the helper guest', work: () => analysis(pendingDisk) },
  { what: 'fiwalk of both, bare', work: () => bare('fiwalk', '-O', '-x') },
  { what: 'strict analysis, nothing changed', work: () => analysis(sameDisk, { strict: true }) },
].map((each) => ({ ...each, times: new Array<number>() }))

try {
  makeImages()
  for (let round = -1; round < ROUNDS; round++) {
    for (const { work, times } of cases) {
      const ms = await work()
      if (round >= 0) times.push(ms)
    }
  }
  const bareMs = median(cases[0]?.times ?? [])
  console.table(
    cases.map(({ what, times, promise }) => {
      const ms = median(times)
      const kept = promise === undefined ? '' : `${promise} ms ${ms <= promise ? 'kept' : 'BROKEN'}`
      return {
        what,
        ms: Math.round(ms),
        'to fls': Number((ms / bareMs).toFixed(1)),
        least: Math.round(Math.min(...times)),
        promise: kept,
      }
    }),
  )
} finally {
  rmSync(folder, { recursive: true })
}
