import { flagsOf } from '../files/attributes.ts'
import { keptAttributes } from '../files/kept-attributes.ts'
import type { FileKind, MutableListedFile } from '../files/listed-file.ts'

const KINDS: Readonly<Record<number, FileKind>> = {
  0o01: 'fifo',
  0o02: 'character device',
  0o04: 'directory',
  0o06: 'block device',
  0o10: 'file',
  0o12: 'symbolic link',
  0o14: 'socket',
}
/** XFS reports a list of access rights once more, as it is on the disk. */
const IN_OTHER_WORDS = /^trusted\.SGI_ACL_/
const NO_FLAGS = 0xffff_ffff

/**
 * Reads what the helper guest reports about a name.
 * @throws RangeError when it is cut short, Error when there is more than belongs to it
 */
export function parseEntry(payload: Buffer): MutableListedFile {
  const field = new Fields(payload)
  const subvolume = field.long()
  const inode = field.long()
  const [mode, uid, gid, flags] = [field.number(), field.number(), field.number(), field.number()]
  const [device, size] = [field.long(), field.long()]
  const [mtime, mtimeNs, ctime, ctimeNs, crtime] = [
    field.seconds(),
    field.number(),
    field.seconds(),
    field.number(),
    field.seconds(),
  ]
  field.number()
  const [path, target] = [field.bytes(), field.bytes()]
  const attributes = new Map<string, string>()
  while (!field.isAtEnd) {
    const [attribute, value] = [field.bytes().toString('latin1'), field.bytes().toString('latin1')]
    if (!IN_OTHER_WORDS.test(attribute)) attributes.set(attribute, value)
  }
  const kind = KINDS[(mode >> 12) & 0o17] ?? 'unknown'
  const file: MutableListedFile = {
    path: path.length === 0 ? '/' : path.toString('latin1'),
    inode: subvolume === 0n ? String(inode) : `${subvolume}:${inode}`,
    kind,
    permissions: permissionsOf(mode),
    uid,
    gid,
    size: kind === 'file' ? Number(size) : 0,
    mtime,
    ctime,
    crtime,
    mtimeNs,
    ctimeNs,
    attributes: keptAttributes(attributes),
  }
  if (flags !== NO_FLAGS) file.flags = flagsOf(flags)
  if (kind.endsWith('device')) file.device = deviceOf(device)
  if (kind === 'symbolic link') file.target = target.toString('latin1')
  return file
}

/** A name of which something could not be read, and why. */
export function parseTrouble(payload: Buffer): { readonly path: string; readonly why: string } {
  const field = new Fields(payload)
  const [path, why] = [field.bytes().toString('latin1'), field.bytes().toString('latin1')]
  return { path: path === '' ? '/' : path, why: why.replaceAll(/[^ -~]/g, '?') }
}

/** As glibc has it in one number. */
function deviceOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n)
  return `${major}:${minor}`
}

/** As ls writes them. */
function permissionsOf(mode: number): string {
  const letters = 'rwxrwxrwx'
    .split('')
    .map((letter, index) => ((mode & (0o400 >> index)) === 0 ? '-' : letter))
  const special: readonly [number, number, string][] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ]
  for (const [bit, index, letter] of special) {
    if ((mode & bit) !== 0) letters[index] = letters[index] === 'x' ? letter : letter.toUpperCase()
  }
  return letters.join('')
}

/** Numbers with the first byte first, and bytes behind their length. */
class Fields {
  readonly #payload: Buffer
  #at = 0

  constructor(payload: Buffer) {
    this.#payload = payload
  }

  get isAtEnd(): boolean {
    return this.#at === this.#payload.length
  }

  number(): number {
    return this.#payload.readUInt32BE(this.#take(4))
  }

  long(): bigint {
    return this.#payload.readBigUInt64BE(this.#take(8))
  }

  seconds(): number {
    return Number(this.#payload.readBigInt64BE(this.#take(8)))
  }

  bytes(): Buffer {
    const length = this.number()
    const at = this.#take(length)
    return this.#payload.subarray(at, at + length)
  }

  #take(length: number): number {
    const at = this.#at
    if (at + length > this.#payload.length)
      throw new RangeError('the helper guest sent an entry that is cut short')
    this.#at += length
    return at
  }
}
