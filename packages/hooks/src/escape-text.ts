/** What a terminal or an editor would obey instead of show: control and format characters, line separators. */
const UNSEEN = /[\p{C}\u2028\u2029]/gu

/** A text of the guest's in one line of a log, with nothing in it that is obeyed; cut where it is at length. */
export function escapeText(text: string, maxCharacters = 1024): string {
  const kept = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
  return kept.replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON in which no character is obeyed by a terminal. */
export function escapedJson(value: unknown, indent?: number): string {
  // What is left after JSON's own escapes, apart from its line breaks, can only stand in strings.
  return JSON.stringify(value, undefined, indent).replaceAll(/[^\P{C}\n]|[\u2028\u2029]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}
