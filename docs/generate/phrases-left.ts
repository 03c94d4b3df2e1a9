/**
 * How many phrases of the word list are left in the comments and test titles of a room, or in the decision records. A number may
 * only shrink, and a room that is not listed has none. What users read has none anywhere.
 */
export const phrasesLeft: Readonly<Record<string, number>> = {}

/** The room of a file: its folder, at most four deep. */
export function roomOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 4).join('/') || '.'
}
