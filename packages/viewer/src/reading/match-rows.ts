import type { MatchRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'

/** What YARA found, at the time of the file that it was found in. */
export function matchRows(files: CaseFiles): MatchRow[] {
  const { clock, bounds } = files
  const all = files
    .of('yara_matches')
    .flatMap(({ value, file, entry }) => value.matches.map((match) => ({ match, file, entry })))
  return bounds.rows('matches of YARA', all).map(({ match, file, entry }) => {
    const scanned = files.find(match.file)
    return {
      t: clock.ofEpoch(scanned?.entry.from ?? entry.to ?? entry.from),
      file,
      rule: bounds.field(match.rules_file === null ? match.rule : `${match.rule} (${match.rules_file})`),
      scanned: bounds.field(scanned?.entry.path ?? match.file),
      strings: bounds.field(
        match.strings.map(({ offset, name, data }) => `${name} at ${offset}: ${data}`).join(' · '),
      ),
      count: match.string_count,
    }
  })
}
