import { printableLine } from '@see/core'

export { printableJson as escapedJson } from '@see/core'

/** A text of the guest's in one line of a log, with nothing in it that is obeyed; cut where it is at length. */
export function escapeText(text: string, maxCharacters = 1024): string {
  return printableLine(text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text)
}
