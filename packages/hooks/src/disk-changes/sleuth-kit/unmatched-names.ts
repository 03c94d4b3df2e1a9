import { mergeLines } from '../../processes/line-batches.ts'
import { type ListedFile, parseListedFile } from '../files/listed-file.ts'
import type { ListedNames } from './listed-names.ts'

const BAR = 0x7c
/** Behind the `0|` that each line begins with. */
const NAME_AT = 2
/** Bytes of lines that are kept, for each name and in any case. */
const BYTES_A_NAME = 256
const MIN_BYTES = 65_536

/** Names that are not listed with the same line on both disks. */
interface Unmatched {
  readonly before: readonly ListedFile[]
  readonly after: readonly ListedFile[]
  /** How many there are, at least, beyond those. */
  readonly cut: number
}

interface UnmatchedOptions {
  /** Names that are kept at most. */
  readonly limit: number
  /** Names whose inode was changed then are kept though nothing in their lines differs. */
  readonly suspect: number | undefined
}

/** Compares two listings line by line: what is in both is in memory at no time. */
export async function unmatchedNames(
  before: ListedNames | undefined,
  after: ListedNames,
  { limit, suspect }: UnmatchedOptions,
): Promise<Unmatched> {
  const found = new Collection(limit)
  await mergeLines(before?.path, after.path, ({ before: was, after: is }) => {
    if (was !== undefined && is !== undefined) {
      if (suspect === undefined || parsed(was)?.ctime !== suspect) return
    }
    if (was !== undefined) found.add('before', was)
    if (is !== undefined) found.add('after', is)
  })
  return found.end()
}

function parsed(line: Buffer): ListedFile | undefined {
  return parseListedFile(line.toString('latin1'))
}

/**
 * Keeps the first lines, those of one name together: a name of which one side's line is kept and the other's cut would seem
 * to be new, or gone. Lines that are the same up to the bar behind the name come one after another; a name with a bar is
 * taken together with others.
 */
class Collection {
  readonly before: ListedFile[] = []
  readonly after: ListedFile[] = []
  readonly #limit: number
  #bytesLeft: number
  #kept = 0
  #cut = 0
  #isFull = false
  #head: Buffer = Buffer.alloc(0)
  #group: { before: ListedFile[]; after: ListedFile[] } = { before: [], after: [] }
  #counts = { before: 0, after: 0 }

  constructor(limit: number) {
    this.#limit = limit
    this.#bytesLeft = MIN_BYTES + limit * BYTES_A_NAME
  }

  add(side: 'before' | 'after', line: Buffer): void {
    const file = parsed(line)
    if (file === undefined) return
    if (!this.#isOfGroup(line)) {
      this.#close()
      this.#head = Buffer.from(line.subarray(0, line.indexOf(BAR, NAME_AT) + 1))
    }
    this.#counts[side]++
    this.#bytesLeft -= line.length
    if (this.#kept + this.#names > this.#limit || this.#bytesLeft < 0) this.#isFull = true
    if (this.#isFull) this.#group = { before: [], after: [] }
    else this.#group[side].push(file)
  }

  end(): Unmatched {
    this.#close()
    return { before: this.before, after: this.after, cut: this.#cut }
  }

  get #names(): number {
    return Math.max(this.#counts.before, this.#counts.after)
  }

  #isOfGroup(line: Buffer): boolean {
    const { length } = this.#head
    return length > 0 && line.length > length && line.compare(this.#head, 0, length, 0, length) === 0
  }

  #close(): void {
    if (this.#isFull) this.#cut += this.#names
    else {
      this.#kept += this.#names
      for (const file of this.#group.before) this.before.push(file)
      for (const file of this.#group.after) this.after.push(file)
    }
    this.#group = { before: [], after: [] }
    this.#counts = { before: 0, after: 0 }
  }
}
