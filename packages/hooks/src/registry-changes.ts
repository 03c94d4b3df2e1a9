import { emptyHive, type RegistryHive, unquoted } from './registry-hive.ts'

const MAX_CHARACTERS = 1024
/** Of each kind of change in a hive: a new user's hive alone has thousands. */
const MAX_CHANGES = 20_000

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
  /** At most 1024 characters. */
  readonly data: string
}

interface OriginalData {
  readonly original_type: string
  readonly original_data: string
}

export interface RegistryChanges {
  readonly created_keys: KeyEntry[]
  /** Keys that were written to, by their times. */
  readonly modified_keys: (KeyEntry & { readonly mtime: string; readonly original_mtime: string })[]
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

/**
 * Adds what is different between two states of a hive; one that is not there is an empty one.
 * @returns false when there was more than is kept
 */
export function addRegistryChanges(
  changes: RegistryChanges,
  { hive, root }: HivePlace,
  before: RegistryHive = emptyHive,
  after: RegistryHive = emptyHive,
): boolean {
  let isWhole = true
  const add = <Entry>(entries: Entry[], found: readonly Entry[]) => {
    entries.push(...found.slice(0, MAX_CHANGES))
    if (found.length > MAX_CHANGES) isWhole = false
  }
  const key = (path: string) => ({ hive, key: `${root}${windowsPath(path)}` })
  const value = (path: string) => {
    const slash = path.lastIndexOf('/')
    return { ...key(path.slice(0, slash)), value: unquoted(path.slice(slash + 1)) }
  }
  const beforeKeys = [...before.keys.keys()]
  const afterKeys = [...after.keys.keys()]
  add(changes.created_keys, afterKeys.filter((path) => !before.keys.has(path)).map(key))
  add(changes.deleted_keys, beforeKeys.filter((path) => !after.keys.has(path)).map(key))
  add(
    changes.modified_keys,
    [...after.keys].flatMap(([path, mtime]) => {
      const former = before.keys.get(path)
      return former === undefined || former === mtime ? [] : [{ ...key(path), mtime, original_mtime: former }]
    }),
  )
  add(
    changes.created_values,
    [...after.values]
      .filter(([path]) => !before.values.has(path))
      .map(([path, { type, data }]) => ({ ...value(path), type, data: shown(data) })),
  )
  add(
    changes.modified_values,
    [...after.values].flatMap(([path, { type, data }]) => {
      const former = before.values.get(path)
      if (former === undefined || (former.type === type && former.data === data)) return []
      const original = { original_type: former.type, original_data: shown(former.data) }
      return [{ ...value(path), type, data: shown(data), ...original }]
    }),
  )
  add(
    changes.deleted_values,
    [...before.values]
      .filter(([path]) => !after.values.has(path))
      .map(([path, { type, data }]) => ({ ...value(path), original_type: type, original_data: shown(data) })),
  )
  return isWhole
}

function windowsPath(path: string): string {
  return path === '/' || path === '' ? '' : path.split('/').map(unquoted).join('\\')
}

function shown(data: string): string {
  const text = unquoted(data)
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
