import type { ReportIndex } from '../../src/model/report-index.ts'
import { countText } from '../text/format.ts'

interface Verdict {
  readonly word: string
  readonly tone: 'good' | 'warn' | 'bad'
  readonly subject: string
  readonly rest: string
}

/** How `see run` ended, by its exit code. */
const ENDS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'not begun',
  2: 'sandbox failed',
  3: 'hook failed',
  4: 'deadline reached',
  130: 'interrupted',
}

/** The first line of the page. It says only what the evidence holds. */
export function verdictOf(index: ReportIndex): Verdict {
  const { head, missing, warnings } = index
  const sample = index.commands.find(({ isSample }) => isSample) ?? index.commands[0]
  const subject = head?.sample?.path.split(/[\\/]/).at(-1) ?? sample?.what ?? index.identifier
  if (index.version === null)
    return { word: 'no evidence', tone: 'warn', subject: '', rest: missing.join(' ') }
  const lacks = missing.length + warnings.length
  const parts = [
    ...(sample === undefined ? [] : [sample.outcome]),
    ...(head === null ? [] : head.guest),
    ...(head === null || head.failures.length === 0
      ? []
      : [countText(head.failures.length, 'handler failed', 'handlers failed')]),
    ...(head === null || head.limits.length === 0
      ? []
      : [countText(head.limits.length, 'limit reached', 'limits reached')]),
    ...(lacks === 0 ? [] : [countText(lacks, 'note on what is missing', 'notes on what is missing')]),
  ]
  const rest = parts.join(' · ')
  if (!index.complete) return { word: 'cut short', tone: 'bad', subject, rest }
  if (head === null) return { word: 'no run.json', tone: 'warn', subject, rest }
  const word = ENDS[head.exitCode] ?? `exit code ${head.exitCode}`
  return { word, tone: head.ok ? 'good' : 'bad', subject, rest }
}
