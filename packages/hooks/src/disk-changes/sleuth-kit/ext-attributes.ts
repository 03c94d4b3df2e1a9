const ENTRY_BYTES = 16
const PREFIXES: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  7: 'system.',
  8: 'system.richacl',
  9: 'encryption.',
}
const ACLS = new Set([2, 3])
/** What a small file has for content. */
const INLINE_DATA = 'system.data'
const MAX_ATTRIBUTES = 4096

/**
 * Adds the extended attributes of a block or the end of an inode.
 * @param area what the offsets of values count from
 * @param first where the entries begin
 */
export function attributesIn(area: Buffer, first: number, found: Map<string, string>): void {
  for (let at = first; at + ENTRY_BYTES <= area.length && found.size < MAX_ATTRIBUTES; ) {
    const [nameLength, prefix] = [area[at] ?? 0, area[at + 1] ?? 0]
    const end = at + ENTRY_BYTES + nameLength
    if (area.readUInt32LE(at) === 0 || end > area.length) return
    const name = `${PREFIXES[prefix] ?? `${prefix}.`}${area.toString('latin1', at + ENTRY_BYTES, end)}`
    if (name !== INLINE_DATA) found.set(name, valueOf(area, at, ACLS.has(prefix)))
    at = (end + 3) & ~3
  }
}

/** A value in an inode of its own is represented by that inode's number and checksum. */
function valueOf(area: Buffer, at: number, isAcl: boolean): string {
  const [offset, inode, size] = [
    area.readUInt16LE(at + 2),
    area.readUInt32LE(at + 4),
    area.readUInt32LE(at + 8),
  ]
  if (inode !== 0) return `inode ${inode}, ${size} bytes, sum ${area.readUInt32LE(at + 12)}`
  const value = area.subarray(offset, offset + size)
  return (isAcl ? aclOf(value) : value).toString('latin1')
}

const ACL_WITH_ID = new Set([0x02, 0x08])

/** An access control list as getxattr gives it, from the shorter form that it has on the disk. */
function aclOf(stored: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([2, 0, 0, 0])]
  for (let at = 4; at + 4 <= stored.length; ) {
    const hasId = ACL_WITH_ID.has(stored.readUInt16LE(at)) && at + 8 <= stored.length
    const id = hasId ? stored.subarray(at + 4, at + 8) : Buffer.alloc(4, 0xff)
    parts.push(stored.subarray(at, at + 4), id)
    at += hasId ? 8 : 4
  }
  return Buffer.concat(parts)
}
