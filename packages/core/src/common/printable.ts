/** What a terminal obeys instead of shows: control and format characters (those that turn the direction of writing, and
 * those without width), what has no meaning, and the separators of lines and paragraphs. */
const UNSEEN = /[\p{C}\u2028\u2029]/gu
/** Line breaks, of which JSON has many, left out: a match takes memory. */
const UNSEEN_IN_LINES = /(?!\n)[\p{C}\u2028\u2029]/gu

/** A text in one line, with nothing in it that a terminal obeys: `\u{1b}` stands for an escape. */
export function printableLine(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

/** The same of a text of several lines: line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

/** The same with the lines after the first indented by some spaces: none of them can be taken for a line of ours. */
export function indented(text: string, spaces: number): string {
  return printable(text).replaceAll('\n', `\n${' '.repeat(spaces)}`)
}

/** JSON in which no character is obeyed by a terminal. */
export function printableJson(value: unknown, indent?: number): string {
  return printableInJson(JSON.stringify(value, undefined, indent))
}

/** A JSON text with JSON's own escapes for what a terminal obeys; line breaks stay. */
export function printableInJson(json: string): string {
  // What is left after JSON.stringify, apart from its line breaks, can only stand in strings.
  return json.replaceAll(UNSEEN_IN_LINES, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
