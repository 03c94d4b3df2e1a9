import { flagsOf } from '../files/attributes.ts'
import { attributesIn } from './ext-attributes.ts'
import { keptAttributes } from '../files/kept-attributes.ts'
import type { ListedFile } from '../files/listed-file.ts'

/** What an inode says beyond the listing of The Sleuth Kit, which takes 32 bits of a time as a number without sign. */
export type InodeDetails = Pick<
  ListedFile,
  'mtime' | 'ctime' | 'crtime' | 'mtimeNs' | 'ctimeNs' | 'attributes' | 'flags' | 'device'
>

const OLD_BYTES = 128
const KIND = 0xf000
const DEVICES = new Set([0x2000, 0x6000])
const ATTRIBUTES = 0xea02_0000

/** The block with further attributes of an inode; 0 when there is none. */
export function attributeBlockOf(inode: Buffer): number {
  return inode.readUInt16LE(118) * 2 ** 32 + inode.readUInt32LE(104)
}

/** @param block the block with further attributes, if there is one */
export function parseInode(inode: Buffer, block: Buffer | undefined): InodeDetails {
  const extraBytes = inode.length >= OLD_BYTES + 4 ? inode.readUInt16LE(OLD_BYTES) : 0
  const extra = (at: number) =>
    at + 4 <= OLD_BYTES + extraBytes && at + 4 <= inode.length ? inode.readUInt32LE(at) : 0
  const [ctimeExtra, mtimeExtra] = [extra(132), extra(136)]
  const attributes = new Map<string, string>()
  const inside = OLD_BYTES + extraBytes
  if (extraBytes > 0 && inside + 4 <= inode.length && inode.readUInt32LE(inside) === ATTRIBUTES) {
    attributesIn(inode.subarray(inside + 4), 0, attributes)
  }
  if (block !== undefined && block.readUInt32LE(0) === ATTRIBUTES) attributesIn(block, 32, attributes)
  const isDevice = DEVICES.has(inode.readUInt16LE(0) & KIND)
  return {
    ctime: seconds(inode.readInt32LE(12), ctimeExtra),
    mtime: seconds(inode.readInt32LE(16), mtimeExtra),
    crtime: extra(144) === 0 && extra(148) === 0 ? 0 : seconds(extra(144) | 0, extra(148)),
    ctimeNs: ctimeExtra >>> 2,
    mtimeNs: mtimeExtra >>> 2,
    attributes: keptAttributes(attributes),
    flags: flagsOf(inode.readUInt32LE(32)),
    ...(isDevice ? { device: deviceOf(inode) } : {}),
  }
}

/** Two bits of the other half go on where 32 bits end, in 2038. */
function seconds(low: number, extra: number): number {
  return low + (extra & 3) * 2 ** 32
}

/** In the first block number as it was when there were 256, in the second as it is now. */
function deviceOf(inode: Buffer): string {
  const [old, now] = [inode.readUInt32LE(40), inode.readUInt32LE(44)]
  if (old !== 0) return `${(old >> 8) & 0xff}:${old & 0xff}`
  return `${(now >> 8) & 0xfff}:${(now & 0xff) | ((now >> 12) & 0xfff00)}`
}
