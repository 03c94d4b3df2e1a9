import { createHash } from 'node:crypto'

/** Characters of names and values that are kept of a file: a guest can give 64 KiB of them to each. */
const MOST_CHARACTERS = 512
/** What the kernel and its security modules go by. */
const FIRST = /^(security|system)\./
const NONE: ReadonlyMap<string, string> = new Map()

/** The name of what stands for the attributes that are not kept. */
export const FURTHER = '…'

/**
 * Attributes as they are kept: all of the usual few; of a value that is too long for that its sum, and of those that are too
 * many one sum for all, so that each change is seen.
 * @param attributes values with characters that are bytes
 */
export function keptAttributes(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (attributes.size === 0) return NONE
  const total = [...attributes].reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (total <= MOST_CHARACTERS) return attributes
  const kept = new Map<string, string>()
  const further: (readonly [string, string])[] = []
  let left = MOST_CHARACTERS
  for (const [name, value] of [...attributes].toSorted(byImportance)) {
    const shown = name.length + value.length <= left ? value : sumOf(value)
    if (name.length + shown.length > left) further.push([name, value])
    else {
      kept.set(name, shown)
      left -= name.length + shown.length
    }
  }
  if (further.length > 0) kept.set(FURTHER, `${further.length} more: ${sumOf(JSON.stringify(further))}`)
  return kept
}

type Entry = readonly [name: string, value: string]

function byImportance([name, value]: Entry, [otherName, otherValue]: Entry): number {
  const first = Number(FIRST.test(otherName)) - Number(FIRST.test(name))
  const shorter = name.length + value.length - otherName.length - otherValue.length
  return first || shorter || (name < otherName ? -1 : 1)
}

function sumOf(text: string): string {
  return `${text.length} bytes, SHA-1 ${createHash('sha1').update(text, 'latin1').digest('hex')}`
}
