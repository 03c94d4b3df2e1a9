import { shownData, typeName } from './registry-data.ts'
import type { Children, RegistryKey, RegistryValue } from './registry-hive.ts'

/** The most changes of each kind in a hive: a new user's hive alone has thousands. */
const MAX_CHANGES = 20_000
/** Levels of keys; Windows allows 512. */
const MAX_DEPTH = 600
/** Characters of all paths in the changes of a hive, and of one problem. */
const MAX_CHARACTERS = 16 * 1024 * 1024
const MAX_PROBLEM = 500
const MAX_PROBLEMS = 20
const WINDOWS_EPOCH_MS = -11_644_473_600_000n

interface KeyEntry {
  /** The file of the hive. */
  readonly hive: string
  readonly key: string
}

interface ValueEntry extends KeyEntry {
  /** Empty for the key's default value. */
  readonly value: string
}

interface Data {
  readonly type: string
  /** Text, numbers, or bytes in hexadecimal: at most 1024 characters. */
  readonly data: string
  /** Bytes of the data. */
  readonly size: number
}

interface OriginalData {
  readonly original_type: string
  readonly original_data: string
  readonly original_size: number
}

interface ModifiedKey extends KeyEntry {
  /** What is different: `mtime`, `security`, `class`, `link`. */
  readonly changes: readonly string[]
  readonly mtime: string
  readonly original_mtime: string
}

export interface RegistryChanges {
  readonly created_keys: KeyEntry[]
  readonly modified_keys: ModifiedKey[]
  readonly deleted_keys: KeyEntry[]
  readonly created_values: (ValueEntry & Data)[]
  readonly modified_values: (ValueEntry & Data & OriginalData)[]
  readonly deleted_values: (ValueEntry & OriginalData)[]
}

export function noRegistryChanges(): RegistryChanges {
  return {
    created_keys: [],
    modified_keys: [],
    deleted_keys: [],
    created_values: [],
    modified_values: [],
    deleted_values: [],
  }
}

/** Where a hive is on the disk, and in the registry. */
export interface HivePlace {
  readonly hive: string
  /** The key that its root is. */
  readonly root: string
}

/** What a comparison of a hive lacks. */
interface Incomplete {
  /** There were more changes than are kept. */
  readonly isCut: boolean
  /** What could not be read; at most 20. */
  readonly problems: readonly string[]
}

interface Pair {
  readonly path: string
  readonly depth: number
  readonly before: RegistryKey | undefined
  readonly after: RegistryKey | undefined
}

/** Adds what is different between two states of a hive, by the raw data; one that is not there is an empty one. */
export function addRegistryChanges(
  changes: RegistryChanges,
  { hive, root }: HivePlace,
  before: RegistryKey | undefined,
  after: RegistryKey | undefined,
): Incomplete {
  const comparison = new Comparison(hive)
  const pairs: Pair[] = [{ path: root, depth: 0, before, after }]
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) pairs.push(...comparison.compare(pair))
  return comparison.addTo(changes)
}

class Comparison {
  readonly #hive: string
  readonly #found = noRegistryChanges()
  readonly #problems: string[] = []
  #isCut = false
  #charactersLeft = MAX_CHARACTERS

  constructor(hive: string) {
    this.#hive = hive
  }

  /** @returns the subkeys to compare, the last first */
  compare({ path, depth, before, after }: Pair): Pair[] {
    const key = { hive: this.#hive, key: path }
    if (depth > 0 && before === undefined) this.#add(this.#found.created_keys, key)
    else if (depth > 0 && after === undefined) this.#add(this.#found.deleted_keys, key)
    else if (before !== undefined && after !== undefined) this.#compareKey(key, before, after)
    this.#compareValues(key, before, after)
    const pairs = this.#paired(path, before?.subkeys(), after?.subkeys())
    if (depth < MAX_DEPTH)
      return pairs.map((pair) => ({ ...pair, path: `${path}\\${pair.name}`, depth: depth + 1 })).toReversed()
    if (pairs.length > 0) this.#problem(path, 'there are too many levels of keys')
    return []
  }

  addTo(changes: RegistryChanges): Incomplete {
    changes.created_keys.push(...this.#found.created_keys)
    changes.modified_keys.push(...this.#found.modified_keys)
    changes.deleted_keys.push(...this.#found.deleted_keys)
    changes.created_values.push(...this.#found.created_values)
    changes.modified_values.push(...this.#found.modified_values)
    changes.deleted_values.push(...this.#found.deleted_values)
    return { isCut: this.#isCut, problems: this.#problems }
  }

  #compareKey(key: KeyEntry, before: RegistryKey, after: RegistryKey): void {
    const differences = [
      ...(before.mtime === after.mtime ? [] : ['mtime']),
      ...(this.#isSame(key.key, () => before.security === after.security) ? [] : ['security']),
      ...(this.#isSame(key.key, () => before.className === after.className) ? [] : ['class']),
      ...(before.isLink === after.isLink ? [] : ['link']),
    ]
    if (differences.length === 0) return
    const times = { mtime: timeOf(after.mtime), original_mtime: timeOf(before.mtime) }
    this.#add(this.#found.modified_keys, { ...key, changes: differences, ...times })
  }

  #isSame(path: string, compare: () => boolean): boolean {
    try {
      return compare()
    } catch (error) {
      this.#problem(path, error instanceof Error ? error.message : String(error))
      return true
    }
  }

  #compareValues(key: KeyEntry, before: RegistryKey | undefined, after: RegistryKey | undefined): void {
    for (const { name, before: was, after: is } of this.#paired(key.key, before?.values(), after?.values())) {
      const value = { ...key, value: name }
      if (was === undefined) {
        if (is !== undefined) this.#add(this.#found.created_values, { ...value, ...dataOf(is) })
      } else if (is === undefined) this.#add(this.#found.deleted_values, { ...value, ...originalOf(was) })
      else if (was.type !== is.type || !was.data.equals(is.data)) {
        this.#add(this.#found.modified_values, { ...value, ...dataOf(is), ...originalOf(was) })
      }
    }
  }

  /**
   * Children by their names, those of the same name in their order. One that is missing where not all could be read is not
   * said to be new or gone.
   */
  #paired<Child extends RegistryKey | RegistryValue>(
    path: string,
    before: Children<Child> | undefined,
    after: Children<Child> | undefined,
  ): { name: string; before: Child | undefined; after: Child | undefined }[] {
    for (const problem of [before?.problem, after?.problem])
      if (problem !== undefined) this.#problem(path, problem)
    const rest = new Map<string, Child[]>()
    for (const child of before?.found ?? []) {
      const same = rest.get(child.name)
      if (same === undefined) rest.set(child.name, [child])
      else same.push(child)
    }
    const pairs: { name: string; before: Child | undefined; after: Child | undefined }[] = []
    for (const child of after?.found ?? []) {
      const former = rest.get(child.name)?.shift()
      if (former !== undefined || before?.problem === undefined) {
        pairs.push({ name: child.name, before: former, after: child })
      }
    }
    if (after?.problem !== undefined) return pairs
    for (const [name, children] of rest) {
      for (const child of children) pairs.push({ name: name, before: child, after: undefined })
    }
    return pairs
  }

  #problem(path: string, problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`${path.slice(-MAX_PROBLEM)}: ${problem}`)
  }

  #add<Entry extends KeyEntry>(entries: Entry[], entry: Entry): void {
    this.#charactersLeft -= entry.key.length
    if (entries.length < MAX_CHANGES && this.#charactersLeft > 0) entries.push(entry)
    else this.#isCut = true
  }
}

function dataOf(value: RegistryValue): Data {
  return { type: typeName(value), data: shownData(value), size: value.data.length }
}

function originalOf(value: RegistryValue): OriginalData {
  const { type, data, size } = dataOf(value)
  return { original_type: type, original_data: data, original_size: size }
}

function timeOf(time: bigint): string {
  const date = new Date(Number(time / 10_000n + WINDOWS_EPOCH_MS))
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().replace(/\.\d+Z$/, 'Z')
}
