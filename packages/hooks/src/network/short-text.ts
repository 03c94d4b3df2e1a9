/** Characters of a text in a summary: names in the protocols have 255 bytes at most, everything else is up to the guest. */
const MOST_CHARACTERS = 1024

/** The beginning of a text that the guest made up. */
export function shortText(text: string): string {
  // A copy: a slice would keep the whole.
  return text.length > MOST_CHARACTERS ? `${Buffer.from(text.slice(0, MOST_CHARACTERS)).toString()}…` : text
}

/** Null for a text that was not given. */
export function shortTextOrNull(text: string | undefined): string | null {
  return text === undefined ? null : shortText(text)
}
