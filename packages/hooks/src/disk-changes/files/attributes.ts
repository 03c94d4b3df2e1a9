import { FURTHER } from './kept-attributes.ts'
import type { ListedFile } from './listed-file.ts'

/** Flags that chattr sets, by lsattr's letters; the others are the file system's own book-keeping. */
const FLAGS: readonly [number, string][] = [
  [0x1, 's'],
  [0x2, 'u'],
  [0x8, 'S'],
  [0x10000, 'D'],
  [0x10, 'i'],
  [0x20, 'a'],
  [0x40, 'd'],
  [0x80, 'A'],
  [0x4, 'c'],
  [0x800, 'E'],
  [0x4000, 'j'],
  [0x8000, 't'],
  [0x20000, 'T'],
  [0x400, 'm'],
  [0x800000, 'C'],
  [0x2000000, 'x'],
  [0x40000000, 'F'],
  [0x20000000, 'P'],
  [0x100000, 'V'],
]

/** Characters of a value, and attributes of a file, that a report holds. */
const MAX_CHARACTERS = 1024
const MAX_ATTRIBUTES = 50
const TEXT = /^[ -!#-[\]-~]*$/

/** The letters that lsattr has for flags. */
export function flagsOf(flags: number): string {
  return FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, letter]) => letter)
    .join('')
}

/** Also when they are not known of both. */
export function hasSameFlags(before: ListedFile, after: ListedFile): boolean {
  return before.flags === undefined || after.flags === undefined || before.flags === after.flags
}

/** Also when they are not known of both. */
export function hasSameAttributes(
  { attributes: before }: ListedFile,
  { attributes: after }: ListedFile,
): boolean {
  if (before === undefined || after === undefined) return true
  return before.size === after.size && [...before].every(([name, value]) => after.get(name) === value)
}

/**
 * Attributes as a report has them: the values as getfattr writes them, text in quotes and anything else as hexadecimal
 * digits behind `0x`, and no longer than a report can hold.
 */
export function attributeTexts(attributes: ReadonlyMap<string, string>): Record<string, string> {
  const names = [...attributes.keys()].filter((name) => name !== FURTHER).toSorted()
  const entries = names
    .slice(0, MAX_ATTRIBUTES)
    .map((name) => [nameText(name), valueText(attributes.get(name) ?? '')])
  const more = names.length - MAX_ATTRIBUTES
  const further = [...(more > 0 ? [`${more} more`] : []), attributes.get(FURTHER)].filter(
    (text) => text !== undefined,
  )
  return Object.fromEntries([...entries, ...(further.length > 0 ? [[FURTHER, further.join(', ')]] : [])])
}

function nameText(name: string): string {
  return name
    .replaceAll(/[^ -[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .slice(0, 300)
}

function valueText(value: string): string {
  const isText = TEXT.test(value)
  const text = isText ? `"${value}"` : `0x${Buffer.from(value, 'latin1').toString('hex')}`
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}… (${value.length} bytes)`
}
