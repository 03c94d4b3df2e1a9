/** One match of a rule, as it stands in the results. */
export interface YaraMatch {
  readonly rule: string
  readonly file: string
  /** The first of them. */
  readonly strings: { readonly offset: number; readonly name: string; readonly data: string }[]
  /** How many there were. */
  string_count: number
}

const MAX_STRINGS = 100
const MAX_CHARACTERS = 200
const HEADER = /^(\w+) (\d+)$/
/** YARA escapes what cannot be printed. */
const STRING = /^0x([0-9a-f]+):(\$\w*): (.*)$/

/** Reads what `yara -s` says of files whose names were numbers; the last line may be cut off. */
export function parseYaraOutput(text: string, files: readonly string[]): YaraMatch[] {
  const matches: YaraMatch[] = []
  for (const line of text.split('\n')) {
    const [, rule, number] = HEADER.exec(line) ?? []
    const file = files[Number(number)]
    if (rule !== undefined && file !== undefined) {
      matches.push({ rule, file, strings: [], string_count: 0 })
      continue
    }
    const [, offset, name, data] = STRING.exec(line) ?? []
    const match = matches.at(-1)
    if (match === undefined || offset === undefined || name === undefined || data === undefined) continue
    match.string_count++
    if (match.strings.length >= MAX_STRINGS) continue
    match.strings.push({ offset: Number.parseInt(offset, 16), name, data: data.slice(0, MAX_CHARACTERS) })
  }
  return matches
}
