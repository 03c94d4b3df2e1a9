import { createHash } from 'node:crypto'

/**
 * The file of a hive of the registry of Windows, as a guest wrote it: every offset and length in it is distrusted.
 * The format is that of https://github.com/msuhanov/regf/blob/master/Windows%20registry%20file%20format%20specification.md
 */
const BASE_BYTES = 4096
const CHECKED_BYTES = 508
/** Longer data is in segments of this many bytes, in hives of version 1.4 and later. */
const SEGMENT_BYTES = 16_344
const MAX_LIST_DEPTH = 2

/** What a hive's base block says of its state. */
export interface HiveState {
  /** Written at the beginning and at the end of an update. */
  readonly sequences: readonly [number, number]
  readonly isIntact: boolean
}

/** A cell that is not what it should be; what lies behind it is not known. */
export class BrokenCell extends Error {}

/** Reads the cells of a hive; each key, value and byte of data counts once, however often the file refers to it. */
export class HiveFile {
  readonly state: HiveState
  readonly root: number
  readonly #bytes: Buffer
  readonly #seen: Uint8Array
  readonly #securities = new Map<number, string>()
  readonly #hasSegments: boolean
  #bytesLeft: number

  /** @throws Error when it is no hive */
  constructor(bytes: Buffer) {
    if (bytes.length < BASE_BYTES || bytes.toString('latin1', 0, 4) !== 'regf')
      throw new Error('it is no hive')
    this.#bytes = bytes
    this.#seen = new Uint8Array(Math.ceil(bytes.length / 64))
    this.#bytesLeft = bytes.length
    this.#hasSegments = bytes.readUInt32LE(24) >= 4
    this.root = bytes.readUInt32LE(36)
    this.state = stateOfHive(bytes)
  }

  /** The content of a cell that is in use. */
  cell(offset: number): Buffer {
    const at = BASE_BYTES + offset
    if (offset % 8 !== 0 || at + 8 > this.#bytes.length) throw new BrokenCell(`there is no cell at ${offset}`)
    const size = -this.#bytes.readInt32LE(at)
    if (size < 8 || at + size > this.#bytes.length)
      throw new BrokenCell(`the cell at ${offset} is not in use`)
    return this.#bytes.subarray(at + 4, at + size)
  }

  /** The same, of a key or value, which is in one place of the tree only. */
  cellOnce(offset: number, signature: string, minBytes: number): Buffer {
    const cell = this.cell(offset)
    if (cell.length < minBytes || cell.toString('latin1', 0, 2) !== signature) {
      throw new BrokenCell(`the cell at ${offset} is none of ${signature}`)
    }
    const bit = 1 << ((offset / 8) % 8)
    const index = Math.floor(offset / 64)
    if (((this.#seen[index] ?? 0) & bit) !== 0)
      throw new BrokenCell(`the cell at ${offset} is referred to twice`)
    this.#seen[index] = (this.#seen[index] ?? 0) | bit
    return cell
  }

  /** The offsets of the keys that a list of subkeys leads to. */
  subkeys(offset: number, depth = 0): number[] {
    const list = this.cell(offset)
    const count = list.readUInt16LE(2)
    const kind = list.toString('latin1', 0, 2)
    const entryBytes = kind === 'lf' || kind === 'lh' ? 8 : 4
    if (!['lf', 'lh', 'li', 'ri'].includes(kind) || 4 + count * entryBytes > list.length) {
      throw new BrokenCell(`the cell at ${offset} is no list of subkeys`)
    }
    this.#spend(count * entryBytes)
    const entries = Array.from({ length: count }, (_, index) => list.readUInt32LE(4 + index * entryBytes))
    if (kind !== 'ri') return entries
    if (depth >= MAX_LIST_DEPTH) throw new BrokenCell(`the list of subkeys at ${offset} has too many levels`)
    return entries.flatMap((entry) => this.subkeys(entry, depth + 1))
  }

  offsets(offset: number, count: number): number[] {
    const list = this.cell(offset)
    if (count * 4 > list.length) throw new BrokenCell(`the list of values at ${offset} is too short`)
    this.#spend(count * 4)
    return Array.from({ length: count }, (_, index) => list.readUInt32LE(index * 4))
  }

  data(offset: number, length: number): Buffer {
    this.#spend(length)
    const cell = this.cell(offset)
    if (length > SEGMENT_BYTES && this.#hasSegments && cell.toString('latin1', 0, 2) === 'db') {
      const segments = this.offsets(cell.readUInt32LE(4), cell.readUInt16LE(2))
      const parts = segments.map((segment) => this.cell(segment).subarray(0, SEGMENT_BYTES))
      const whole = Buffer.concat(parts, length)
      if (parts.reduce((sum, part) => sum + part.length, 0) >= length) return whole
    } else if (length <= cell.length) return cell.subarray(0, length)
    throw new BrokenCell(`the data at ${offset} is shorter than ${length} bytes`)
  }

  /** The digest of a security descriptor, which keys share. */
  security(offset: number): string {
    const known = this.#securities.get(offset)
    if (known !== undefined) return known
    const cell = this.cell(offset)
    const descriptor = cell.subarray(20, 20 + (cell.length < 20 ? 0 : cell.readUInt32LE(16)))
    this.#spend(descriptor.length)
    const digest = createHash('sha1').update(descriptor).digest('hex')
    this.#securities.set(offset, digest)
    return digest
  }

  /** A hive in which many refer to the same bytes would never end. */
  #spend(bytes: number): void {
    this.#bytesLeft -= bytes
    if (this.#bytesLeft < 0) throw new BrokenCell('there is more data than the file is long')
  }
}

/** @param bytes the base block, of a hive or of its log */
export function stateOfHive(bytes: Buffer): HiveState {
  let sum = 0
  for (let offset = 0; offset < CHECKED_BYTES; offset += 4) sum ^= bytes.readUInt32LE(offset)
  // Two sums stand for others.
  const expected = sum === 0 ? 1 : sum === -1 ? -2 : sum
  return {
    sequences: [bytes.readUInt32LE(4), bytes.readUInt32LE(8)],
    isIntact: (expected ^ bytes.readUInt32LE(CHECKED_BYTES)) === 0,
  }
}
