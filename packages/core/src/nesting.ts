/** How deep a configuration may be nested: far deeper than any is, and less than a recursion can take. */
export const MOST_NESTING = 100

/**
 * Parses JSON that is not nested too deep.
 * @throws Error
 */
export function parseJson(text: string): unknown {
  if (nestingOf(text) > MOST_NESTING) throw tooDeep()
  return JSON.parse(text)
}

/** How deep the brackets of a JSON text are nested, be it well formed or not. */
function nestingOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false]
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (inString) {
      if (character === '\\') index++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    else if (character === ']' || character === '}') depth--
  }
  return deepest
}

export function tooDeep(): Error {
  return new Error(`it is nested more than ${MOST_NESTING} deep`)
}
