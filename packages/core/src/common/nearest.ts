/**
 * What stands behind a name that is not known: the nearest of those that are, where one is near enough to be meant.
 * @param mostEdits letters that may differ at most
 */
export function didYouMean(given: string, known: Iterable<string>, mostEdits?: number): string {
  const name = nearest(given, known, mostEdits)
  return name === undefined ? '' : `, did you mean "${name}"?`
}

/** No name of ours is as long. */
const MOST_LETTERS = 100

/** The known name that differs least from the given one, by at most a third of its letters. */
function nearest(
  given: string,
  known: Iterable<string>,
  mostEdits = Number.POSITIVE_INFINITY,
): string | undefined {
  if (given.length > MOST_LETTERS) return undefined
  const least = { name: '', edits: Math.min(mostEdits, Math.max(1, Math.floor(given.length / 3))) + 1 }
  for (const name of known) {
    const edits = editsBetween(given.toLowerCase(), name.toLowerCase())
    if (edits < least.edits) Object.assign(least, { name, edits })
  }
  return least.name === '' ? undefined : least.name
}

/** How many letters have to be added, removed, changed or swapped with their neighbour. */
function editsBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= one.length; row++) {
    rows.push([row])
    for (let column = 1; column <= other.length; column++) {
      const changed = at(row - 1, column - 1) + (one[row - 1] === other[column - 1] ? 0 : 1)
      const isSwapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const swapped = isSwapped ? at(row - 2, column - 2) + 1 : changed
      rows[row]?.push(Math.min(changed, swapped, at(row - 1, column) + 1, at(row, column - 1) + 1))
    }
  }
  return at(one.length, other.length)
}
