/**
 * Characters that change how others are shown, or are not seen: control and format characters (bidirectional ones and those of
 * no width among them), line and paragraph separators, private and unassigned ones, blank letters, and variation selectors.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}/u
const ALL_HIDDEN = new RegExp(HIDDEN.source, 'gu')

/** A piece of text, or one hidden character as its code. */
export type Piece = { readonly text: string } | { readonly code: string }

/** Boxes in one text; what is hidden beyond them is shown by a sign. */
const MOST_BOXES = 2000
const SIGN = '\u25af'

/** @param keepLines whether line ends and tabs stay as they are */
export function piecesOf(text: string, keepLines = false): Piece[] {
  if (!HIDDEN.test(text)) return [{ text }]
  const pieces: Piece[] = []
  let from = 0
  let boxes = 0
  for (const { 0: character, index } of text.matchAll(ALL_HIDDEN)) {
    if (keepLines && (character === '\n' || character === '\t')) continue
    if (boxes++ >= MOST_BOXES) break
    if (index > from) pieces.push({ text: text.slice(from, index) })
    pieces.push({ code: codeOf(character) })
    from = index + character.length
  }
  if (from < text.length) pieces.push({ text: signed(text.slice(from), keepLines) })
  return pieces
}

/** The same as one text, for places that hold no boxes: labels on a canvas, attributes, files. */
export function visible(text: string): string {
  return text.replaceAll(ALL_HIDDEN, (character) => `<${codeOf(character)}>`)
}

function signed(text: string, keepLines: boolean): string {
  return text.replaceAll(ALL_HIDDEN, (character) =>
    keepLines && (character === '\n' || character === '\t') ? character : SIGN,
  )
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
