import { inOnePiece } from './in-one-piece.ts'

/** A name in a directory of a disk, and what it stands for. */
export interface ListedFile {
  /** Each character is a byte: names are bytes, and not all are text. The Sleuth Kit puts `^` for control characters. */
  readonly path: string
  /** What icat knows its content by; on NTFS with the attribute's type and number. */
  readonly inode: string
  readonly kind: FileKind
  /** The permissions, as ls writes them. */
  readonly permissions: string
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** In seconds since the epoch, as all times here. */
  readonly mtime: number
  readonly ctime: number
  readonly crtime: number
  /** Target of a symbolic link, in the same characters as the path. */
  readonly target?: string
  /** The times' fractions of a second, in nanoseconds, where the reader reports them. */
  readonly mtimeNs?: number
  readonly ctimeNs?: number
  /** Extended attributes by their names, with characters that are bytes; absent where they were not read. */
  readonly attributes?: ReadonlyMap<string, string>
  /** Those of chattr, as lsattr writes them; absent where there are none by its kind, or they were not read. */
  readonly flags?: string
  /** NTFS: a stream of a directory. Its times are the directory's, which change with the files in that. */
  readonly isOfDirectory?: true
  /** Number of a device. */
  readonly device?: string
  /** SHA-1 of the content, where the reader has read it all. */
  readonly sha1?: string
}

/**
 * One that is being put together. There may be hundreds of thousands: made by spreading several objects into one, each takes
 * four times the memory.
 */
export type MutableListedFile = { -readonly [Key in keyof ListedFile]: ListedFile[Key] }

const kinds = {
  r: 'file',
  d: 'directory',
  l: 'symbolic link',
  p: 'fifo',
  s: 'socket',
  c: 'character device',
  b: 'block device',
} as const

export type FileKind = (typeof kinds)[keyof typeof kinds] | 'unknown'

// Only the name may hold a bar: its end is found by what follows.
const LINE =
  /^0\|(.*)\|(\d+(?:-\d+-\d+)?)\|(.)\/(.)(.{9})\|(\d+)\|(\d+)\|(\d+)\|(-?\d+)\|(-?\d+)\|(-?\d+)\|(-?\d+)$/s
const ARROW = ' -> '

/** NTFS: the attribute with a file's name, which is listed as a file of its own, and the one with content. */
const FILE_NAME = '48'
const DATA = '128'
/** NTFS: named streams, which a directory's `.` and `..` are listed with once more. */
const DOT_STREAM = /\/\.\.?:[^/]*$/s
/** NTFS: what the file system keeps its own books in. It changes with every write. */
const FIRST_USER_INODE = 16
const ROOT = '5'

/**
 * Reads a line of `fls -m`.
 * @returns undefined when it is nothing that a guest could see
 * @throws Error when it is no such line
 */
export function parseListedFile(line: string): ListedFile | undefined {
  const [
    ,
    name = '',
    inode = '',
    nameKind = '',
    kind = '',
    permissions = '',
    uid,
    gid,
    size,
    ,
    mtime,
    ctime,
    crtime,
  ] = LINE.exec(line) ?? []
  if (inode === '') throw new Error(`not a line of fls: ${JSON.stringify(line.slice(0, 200))}`)
  // What The Sleuth Kit adds itself, such as $OrphanFiles.
  if (nameKind === 'V' || kind === 'V') return undefined
  if (isOfNtfsItself(name, inode)) return undefined
  const bytes = Number(size)
  const isOfDirectory = kind === 'd' && inode.split('-')[1] === DATA
  const isLink = kind === 'l'
  const arrow = name.length - bytes - ARROW.length
  const pointed = isLink && arrow > 0 && name.startsWith(ARROW, arrow)
  const file: MutableListedFile = {
    path: inOnePiece(pointed ? name.slice(0, arrow) : name),
    inode,
    kind: kindOf(isOfDirectory ? 'r' : kind),
    permissions,
    uid: Number(uid),
    gid: Number(gid),
    size: bytes,
    mtime: Number(mtime),
    ctime: Number(ctime),
    crtime: Number(crtime),
  }
  if (isOfDirectory) file.isOfDirectory = true
  if (pointed) file.target = inOnePiece(name.slice(arrow + ARROW.length))
  return file
}

function isOfNtfsItself(name: string, inode: string): boolean {
  const [number, type] = inode.split('-')
  if (type === undefined) return false
  if (type === FILE_NAME) return true
  if (DOT_STREAM.test(name) && number !== ROOT) return true
  if (Number(number) >= FIRST_USER_INODE) return false
  // A stream that was added to one of those files is a hiding place.
  const stream = name.slice(name.lastIndexOf('/')).split(':')[1]
  return type !== DATA || stream === undefined || stream.startsWith('$')
}

function kindOf(letter: string): FileKind {
  return isKind(letter) ? kinds[letter] : 'unknown'
}

function isKind(letter: string): letter is keyof typeof kinds {
  return letter in kinds
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A path as text: what is no UTF-8 is written as `\xff`, and a backslash as two. */
export function textOf(path: string): string {
  const bytes = Buffer.from(path.replaceAll('\\', '\\\\'), 'latin1')
  const whole = decoded(bytes)
  if (whole !== undefined) return whole
  let text = ''
  for (let index = 0; index < bytes.length; ) {
    const length = sequenceLength(bytes[index] ?? 0)
    const character = decoded(bytes.subarray(index, index + length))
    text += character ?? `\\x${(bytes[index] ?? 0).toString(16).padStart(2, '0')}`
    index += character === undefined ? 1 : length
  }
  return text
}

function sequenceLength(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
