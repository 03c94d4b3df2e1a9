/** How deep a configuration may be nested: far deeper than any is, and less than a recursion can take. */
export const MOST_NESTING = 100

export function tooDeep(): Error {
  return new Error(`it is nested more than ${MOST_NESTING} deep`)
}
