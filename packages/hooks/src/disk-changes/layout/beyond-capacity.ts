/** Compressed and shared content may be more than a disk has room for, to this extent. */
const TIMES = 4
const LEAST_BYTES = 512 * 1024 * 1024

/** What a disk, or a file system, of a size may say that its files hold altogether. */
export function contentCapacity(sizeBytes: number): number {
  return Math.max(LEAST_BYTES, TIMES * sizeBytes)
}

/**
 * The files that exceed what the disk can hold: holes cost a guest nothing, and reading them takes time. The smallest
 * are read first.
 */
export function beyondCapacity<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  sizeBytes: number,
): ReadonlySet<Item> {
  const capacity = contentCapacity(sizeBytes)
  const total = items.reduce((sum, item) => sum + bytesOf(item), 0)
  if (total <= capacity) return new Set()
  let bytes = 0
  return new Set(
    items
      .toSorted((a, b) => bytesOf(a) - bytesOf(b))
      .filter((item) => (bytes += bytesOf(item)) > capacity && bytesOf(item) > 0),
  )
}
