import { BrokenCell, HiveFile, type HiveState } from './hive-file.ts'

export interface RegistryValue {
  /** Empty for the key's default value. */
  readonly name: string
  /** The number of its type. */
  readonly type: number
  readonly data: Buffer
}

export interface RegistryKey {
  readonly name: string
  /** When it was last written to: 100 nanoseconds since 1601. */
  readonly mtime: bigint
  /** The digest of its security descriptor. */
  readonly security: string
  readonly className: string
  readonly isLink: boolean
  values(): Children<RegistryValue>
  subkeys(): Children<RegistryKey>
}

export interface Children<Child> {
  readonly found: readonly Child[]
  /** Why there may be others; undefined when these are all. */
  readonly problem: string | undefined
}

export interface RegistryHive {
  readonly state: HiveState
  readonly root: RegistryKey
}

const KEY_BYTES = 76
const VALUE_BYTES = 20
const NONE = 0xffff_ffff
const IS_LINK = 0x10
const KEY_NAME_IS_LATIN = 0x20
const VALUE_NAME_IS_LATIN = 0x1
const IS_INLINE = 0x8000_0000
const INLINE_BYTES = 4

/** @throws Error when it is no hive, or has no root */
export function readHive(bytes: Buffer): RegistryHive {
  const file = new HiveFile(bytes)
  return { state: file.state, root: new Key(file, file.root) }
}

class Key implements RegistryKey {
  readonly #file: HiveFile
  readonly #cell: Buffer

  constructor(file: HiveFile, offset: number) {
    this.#file = file
    this.#cell = file.cellOnce(offset, 'nk', KEY_BYTES)
    if (KEY_BYTES + this.#cell.readUInt16LE(72) > this.#cell.length)
      throw new BrokenCell(`the key at ${offset} has no name`)
  }

  get name(): string {
    const name = this.#cell.subarray(KEY_BYTES, KEY_BYTES + this.#cell.readUInt16LE(72))
    return nameIn(name, (this.#flags & KEY_NAME_IS_LATIN) !== 0)
  }

  get mtime(): bigint {
    return this.#cell.readBigUInt64LE(4)
  }

  get security(): string {
    const offset = this.#cell.readUInt32LE(44)
    return offset === NONE ? '' : this.#file.security(offset)
  }

  get className(): string {
    const [offset, length] = [this.#cell.readUInt32LE(48), this.#cell.readUInt16LE(74)]
    return offset === NONE || length === 0 ? '' : this.#file.data(offset, length).toString('utf16le')
  }

  get isLink(): boolean {
    return (this.#flags & IS_LINK) !== 0
  }

  values(): Children<RegistryValue> {
    const count = this.#cell.readUInt32LE(36)
    const list = () => (count === 0 ? [] : this.#file.offsets(this.#cell.readUInt32LE(40), count))
    return readAll(list, (offset) => this.#value(offset))
  }

  subkeys(): Children<RegistryKey> {
    const count = this.#cell.readUInt32LE(20)
    const list = () => (count === 0 ? [] : this.#file.subkeys(this.#cell.readUInt32LE(28)))
    return readAll(list, (offset) => new Key(this.#file, offset))
  }

  get #flags(): number {
    return this.#cell.readUInt16LE(2)
  }

  #value(offset: number): RegistryValue {
    const cell = this.#file.cellOnce(offset, 'vk', VALUE_BYTES)
    const nameLength = cell.readUInt16LE(2)
    if (VALUE_BYTES + nameLength > cell.length) throw new BrokenCell(`the value at ${offset} has no name`)
    const isLatin = (cell.readUInt16LE(16) & VALUE_NAME_IS_LATIN) !== 0
    const name = nameIn(cell.subarray(VALUE_BYTES, VALUE_BYTES + nameLength), isLatin)
    const size = cell.readUInt32LE(4)
    const length = size % IS_INLINE
    const data =
      size >= IS_INLINE
        ? cell.subarray(8, 8 + Math.min(length, INLINE_BYTES))
        : length === 0
          ? Buffer.alloc(0)
          : this.#file.data(cell.readUInt32LE(8), length)
    return { name, type: cell.readUInt32LE(12), data }
  }
}

/** Reads what can be read. */
function readAll<Child>(list: () => readonly number[], read: (offset: number) => Child): Children<Child> {
  const found: Child[] = []
  let problem: string | undefined
  const attempt = <Result>(work: () => Result): Result | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof BrokenCell) && !(error instanceof RangeError)) throw error
      problem ??= error.message
      return undefined
    }
  }
  for (const offset of attempt(list) ?? []) {
    const child = attempt(() => read(offset))
    if (child !== undefined) found.push(child)
  }
  return { found, problem }
}

function nameIn(bytes: Buffer, isLatin: boolean): string {
  return bytes.toString(isLatin ? 'latin1' : 'utf16le')
}
