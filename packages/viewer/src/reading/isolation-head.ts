import type { Isolation } from '@see/evidence'
import type { IsolationHead } from '../model/report-index.ts'
import type { CaseFiles } from './case-files.ts'

const MOST = 200

/** What the guest was isolated from: as `run.json` says it, or the receipt of a run that was killed before there was one. */
export function isolationHead(files: CaseFiles): IsolationHead | null {
  const reported = files.of('run_report').at(-1)?.value.isolation ?? null
  const receipt = files.of('isolation').at(-1)?.value
  const isolation = reported ?? (receipt === undefined ? null : summaryOf(receipt))
  if (isolation === null) return null
  const { field } = files.bounds
  const fields = (texts: readonly string[]) =>
    files.bounds.rows('results of the probe of the isolation', texts, MOST).map((each) => field(each))
  return {
    unprobed: isolation.unprobed === null ? null : field(isolation.unprobed),
    from: fields(isolation.from),
    reached: fields(isolation.reached),
    missed: fields(isolation.missed),
    unproved: fields(isolation.unproved),
  }
}

const targetsOf = (these: Isolation['attempts']) => new Set(these.map(({ target }) => target))

/** A receipt in the words of `run.json`. */
function summaryOf({ attempts, unprobed }: Isolation): IsolationHead {
  const mismatches = attempts.filter(({ verdict }) => verdict === 'mismatch')
  const broken = targetsOf(mismatches)
  const blocked = targetsOf(
    attempts.filter(
      ({ expected, seen, verdict }) =>
        expected === 'forbidden' && seen === 'blocked' && verdict === 'as_expected',
    ),
  )
  const unproved = targetsOf(attempts.filter(({ verdict }) => verdict === 'unproved'))
  return {
    unprobed,
    from: [...blocked].filter((target) => !broken.has(target)),
    reached: [...broken].filter((target) => target !== 'allowed'),
    missed: mismatches.filter(({ target }) => target === 'allowed').map(({ tried }) => tried),
    unproved: [...unproved].filter((target) => !broken.has(target) && !blocked.has(target)),
  }
}
