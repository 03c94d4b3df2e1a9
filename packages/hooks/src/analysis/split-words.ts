/** One word: pieces that are quoted one way or the other, or not at all. */
const WORD = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g

/**
 * Splits a command line as a shell would, but for everything else that a shell does: quotes keep words together, and
 * that is all. Undefined when a quote is not closed.
 */
export function splitWords(line: string): string[] | undefined {
  if (line.replaceAll(WORD, '').trim() !== '') return undefined
  return Array.from(line.matchAll(WORD), ([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}
