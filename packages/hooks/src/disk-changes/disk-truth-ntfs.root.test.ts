import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from './files/listed-file.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, inNtfs, ntfs } from '../testing/disk-images.ts'
import { ntfsChanges, ntfsTruthOf, walkNtfs } from '../testing/ntfs-truth.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { asTskLists, toldBy } from '../testing/truth-of-changes.ts'

/** `npm run proof:disk` makes more changes, and compares strictly as well. */
const asked = process.env['SEE_TRUTH_CHANGES']
const CHANGES = Number(asked ?? '108')
const MEBIBYTES = 256

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
afterAll(() => temporary[Symbol.asyncDispose]())

let disks: { readonly image: string; readonly checkpoint: string }
let truth: Record<string, string>

beforeAll(async () => {
  temporary = await temporaryFolder()
  const { path } = temporary
  const before = ntfs(join(path, 'ntfs'), MEBIBYTES)
  const scripts = ntfsChanges(CHANGES)
  // The times that The Sleuth Kit reports are in seconds.
  inNtfs(before, `${scripts.before}\nsleep 1.1`)
  const after = copyOf(before)
  inNtfs(after, scripts.after)
  disks = asCheckpoint(path, before, after)
  const entries = [...ntfsTruthOf(walkNtfs(before), walkNtfs(after))]
  truth = Object.fromEntries(entries.map(([name, what]) => [textOf(asTskLists(name)), what]))
}, 600_000)

test('the walks of others than SEE see the changes', () => {
  expect(Object.keys(truth).length).toBeGreaterThan(CHANGES)
})

test.each([{ strict: false }, ...(asked === undefined ? [] : [{ strict: true }])])(
  'files and streams on NTFS: nothing is missing, nothing is invented: %j',
  async (configuration) => {
    await using results = await temporaryFolder()
    await using run = await diskAnalysis(results.path, disks, { timeout: 1200, ...configuration })
    const report = await run.analyse()
    expect(report.errors).toEqual([])
    // A line break, as The Sleuth Kit lists it.
    expect(report.warnings.map(({ code }) => code)).toEqual(['DISK_NAMES_UNCLEAR'])
    expect(Object.fromEntries(toldBy(report))).toEqual(truth)
  },
  1_200_000,
)
