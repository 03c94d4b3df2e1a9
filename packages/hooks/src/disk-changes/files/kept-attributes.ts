import { createHash } from 'node:crypto'
import { inOnePiece } from './in-one-piece.ts'

/** Characters of names and values that are kept of a file: a guest can give 64 KiB of them to each. */
const MOST_CHARACTERS = 512
/** Characters of the names of what is not kept. */
const MOST_OF_NAMES = 100
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
  const further: Entry[] = []
  let left = MOST_CHARACTERS
  for (const [name, value] of [...attributes].toSorted(byImportance)) {
    const length = name.length + value.length
    if (length > left) further.push([name, value])
    else {
      kept.set(name, value)
      left -= length
    }
  }
  const [first, ...others] = further
  // One string for all: a guest may have tens of thousands of such files.
  if (others.length > 0) kept.set(FURTHER, inOnePiece(`${namesOf(further)}: ${sumOf(further.flat())}`))
  else if (first !== undefined) kept.set(first[0], inOnePiece(sumOf([first[1]])))
  return kept
}

function namesOf(entries: readonly Entry[]): string {
  const names = entries.map(([name]) => name).join(', ')
  return `${entries.length} more, ${names.length > MOST_OF_NAMES ? `${names.slice(0, MOST_OF_NAMES)}...` : names}`
}

type Entry = readonly [name: string, value: string]

function byImportance([name, value]: Entry, [otherName, otherValue]: Entry): number {
  const first = Number(FIRST.test(otherName)) - Number(FIRST.test(name))
  const shorter = name.length + value.length - otherName.length - otherValue.length
  return first || shorter || (name < otherName ? -1 : 1)
}

/** Each with its length, so that none can be taken for another. */
function sumOf(texts: readonly string[]): string {
  const hash = createHash('sha1')
  for (const text of texts) {
    if (texts.length > 1) hash.update(`${text.length} `)
    hash.update(text, 'latin1')
  }
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  return `${length} bytes, SHA-1 ${hash.digest('hex')}`
}
