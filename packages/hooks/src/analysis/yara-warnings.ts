import { type EvidenceWarning, evidenceWarning } from '@see/core'
import type { SkippedFile } from './yara-files.ts'
import type { YaraComplaints, YaraMatch } from './yara-output.ts'

/** Files that one warning names. */
const NAMED = 5

/** One for each reason: a guest decides how many files it leaves. */
export function skippedWarnings(skipped: readonly SkippedFile[]): EvidenceWarning[] {
  const byReason = new Map<string, string[]>()
  for (const { file, why } of skipped) byReason.set(why, [...(byReason.get(why) ?? []), file])
  return Array.from(byReason, ([why, files]) => {
    const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : ''
    const names = files.slice(0, NAMED).map((file) => JSON.stringify(file.slice(-200)))
    return evidenceWarning('YARA_FILE_SKIPPED', `YARA matches in ${names.join(', ')}${more}`, why)
  })
}

/** YARA says which rule it was, but not in which file. */
export function ruleWarnings({ rules }: YaraComplaints, files: readonly string[]): EvidenceWarning[] {
  const [only] = files
  const where = files.length === 1 ? `in ${only}` : `in one or more of the ${files.length} files of a scan`
  return rules.map(({ rule, why }) =>
    evidenceWarning('YARA_RULE_FAILED', `matches of the YARA rule ${rule} ${where}`, why),
  )
}

export function cutWarnings(matches: readonly YaraMatch[]): EvidenceWarning[] {
  const cut = matches.filter((match) => match.cut).length
  if (cut === 0) return []
  const why =
    'of each match the first 100 strings are kept, and 200 characters of each; string_count has their number'
  return [evidenceWarning('YARA_MATCHES_CUT', `strings of ${cut} YARA matches`, why)]
}
