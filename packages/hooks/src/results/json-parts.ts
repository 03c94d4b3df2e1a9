import { escapedJson } from './escape-text.ts'

const PART_CHARACTERS = 8 * 1024

/** A report as JSON, with two spaces for each level, in parts: one text of it all may take more memory than the report. */
export function* jsonParts(report: object): Generator<string> {
  let part = ''
  for (const piece of pieces(report)) {
    part += piece
    if (part.length < PART_CHARACTERS) continue
    yield part
    part = ''
  }
  yield part
}

function* pieces(report: object): Generator<string> {
  const entries: [string, unknown][] = Object.entries(report)
  for (const [index, [key, value]] of entries.entries()) {
    yield `${index === 0 ? '{' : ','}\n  ${escapedJson(key)}: `
    if (Array.isArray(value) && value.length > 0) yield* items(value)
    else yield indented(value, '  ')
  }
  yield '\n}\n'
}

function* items(values: readonly unknown[]): Generator<string> {
  for (const [index, value] of values.entries())
    yield `${index === 0 ? '[' : ','}\n    ${indented(value, '    ')}`
  yield '\n  ]'
}

/** A line break in JSON is never part of a text. */
function indented(value: unknown, space: string): string {
  return escapedJson(value, 2).replaceAll('\n', `\n${space}`)
}
