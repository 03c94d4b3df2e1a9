/** Where an ext2, 3 or 4 file system keeps its inodes (Linux, Documentation/filesystems/ext4). */
export interface ExtGeometry {
  readonly blockBytes: number
  readonly inodeBytes: number
  readonly inodesPerGroup: number
  readonly inodes: number
  /** Where the descriptors of its groups begin, in bytes. */
  readonly descriptorsAt: number
  readonly descriptorBytes: number
}

const SUPERBLOCK = 1024
const MAGIC = 0xef53
const SIXTY_FOUR_BIT = 0x80
const OLD_DESCRIPTOR_BYTES = 32
const OLD_INODE_BYTES = 128

/** @param head the first bytes of the file system; undefined when they are none of one that can be */
export function extGeometry(head: Buffer): ExtGeometry | undefined {
  if (head.length < SUPERBLOCK + 264 || head.readUInt16LE(SUPERBLOCK + 56) !== MAGIC) return undefined
  const number = (at: number) => head.readUInt32LE(SUPERBLOCK + at)
  const [logarithm, revision] = [number(24), number(76)]
  const inodeBytes = revision === 0 ? OLD_INODE_BYTES : head.readUInt16LE(SUPERBLOCK + 88)
  const is64Bit = (number(96) & SIXTY_FOUR_BIT) !== 0
  const descriptorBytes = is64Bit ? head.readUInt16LE(SUPERBLOCK + 254) : OLD_DESCRIPTOR_BYTES
  const inodesPerGroup = number(40)
  const isPossible =
    logarithm <= 6 &&
    inodesPerGroup > 0 &&
    inodeBytes >= OLD_INODE_BYTES &&
    inodeBytes <= 65_536 &&
    descriptorBytes >= OLD_DESCRIPTOR_BYTES &&
    descriptorBytes <= 1024
  if (!isPossible) return undefined
  const blockBytes = 1024 << logarithm
  const descriptorsAt = (number(20) + 1) * blockBytes
  return { blockBytes, inodeBytes, inodesPerGroup, inodes: number(0), descriptorsAt, descriptorBytes }
}
