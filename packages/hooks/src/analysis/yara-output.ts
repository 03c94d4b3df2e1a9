/** One match of a rule, as it stands in the results. */
export interface YaraMatch {
  readonly rule: string
  /** The file of rules that it stands in; null where several files share their names. */
  readonly rules_file: string | null
  readonly file: string
  /** The first of them. */
  readonly strings: { readonly offset: number; readonly name: string; readonly data: string }[]
  /** How many there were. */
  string_count: number
  /** Whether there were more strings, or longer ones, than are kept. */
  cut: boolean
}

const MAX_STRINGS = 100
const MAX_CHARACTERS = 200
const HEADER = /^(\w+):(\w+) (\d+)$/
/** YARA escapes what cannot be printed. */
const STRING = /^0x([0-9a-f]+):(\$\w*): (.*)$/

/** Reads what `yara -e -s` says of files whose names were numbers. */
export function parseYaraOutput(
  text: string,
  files: readonly string[],
  fileOf: (namespace: string) => string | null,
): YaraMatch[] {
  const matches: YaraMatch[] = []
  // A last line without its end was cut off: the number of its file may be another.
  for (const line of text.split('\n').slice(0, -1)) {
    const [, namespace, rule, number] = HEADER.exec(line) ?? []
    const file = files[Number(number)]
    if (namespace !== undefined && rule !== undefined && file !== undefined) {
      const match = { rule, rules_file: fileOf(namespace), file, strings: [], string_count: 0, cut: false }
      matches.push(match)
      continue
    }
    const [, offset, name, data] = STRING.exec(line) ?? []
    const match = matches.at(-1)
    if (match === undefined || offset === undefined || name === undefined || data === undefined) continue
    match.string_count++
    if (match.strings.length >= MAX_STRINGS || data.length > MAX_CHARACTERS) match.cut = true
    if (match.strings.length >= MAX_STRINGS) continue
    match.strings.push({ offset: Number.parseInt(offset, 16), name, data: data.slice(0, MAX_CHARACTERS) })
  }
  return matches
}

/** What YARA said on standard error while it scanned. */
export interface YaraComplaints {
  /** Files that it could not scan. */
  readonly files: { readonly file: string; readonly why: string }[]
  /** Rules whose results may be wrong; it does not name the file. */
  readonly rules: { readonly rule: string; readonly why: string }[]
  /** Everything else. */
  readonly other: string[]
}

const FILE_ERROR = /^error scanning (\d+): (.*)$/
const RULE_WARNING = /^warning: rule "(\w+)": (.*)$/

/** Reads what YARA says on standard error of files whose names were numbers. */
export function parseYaraErrors(text: string, files: readonly string[]): YaraComplaints {
  const complaints: YaraComplaints = { files: [], rules: [], other: [] }
  for (const line of new Set(text.split('\n').filter((each) => each.trim() !== ''))) {
    const [, number, why] = FILE_ERROR.exec(line) ?? []
    const [, rule, problem] = RULE_WARNING.exec(line) ?? []
    const file = files[Number(number)]
    if (file !== undefined && why !== undefined) complaints.files.push({ file, why })
    else if (rule !== undefined && problem !== undefined) complaints.rules.push({ rule, why: problem })
    else complaints.other.push(line)
  }
  return complaints
}
