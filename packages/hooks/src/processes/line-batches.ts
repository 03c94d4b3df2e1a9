import { createReadStream } from 'node:fs'

const PART_BYTES = 256 * 1024
const NEWLINE = 0x0a

/** The lines of a file, some at a time, so that it may be larger than memory. */
export async function* lineBatches(path: string): AsyncGenerator<readonly Buffer[]> {
  const parts: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: PART_BYTES })
  let rest: Buffer = Buffer.alloc(0)
  for await (const part of parts) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
    const lines: Buffer[] = []
    let from = 0
    for (let to = bytes.indexOf(NEWLINE); to !== -1; to = bytes.indexOf(NEWLINE, from)) {
      lines.push(bytes.subarray(from, to))
      from = to + 1
    }
    rest = bytes.subarray(from)
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [rest]
}

/** The lines of a file, one after the other. */
class Lines implements AsyncDisposable {
  readonly #batches: AsyncGenerator<readonly Buffer[]>
  #batch: readonly Buffer[] = []
  #at = 0

  constructor(path: string) {
    this.#batches = lineBatches(path)
  }

  /** Undefined behind the last one, and until `fill` was called where `isEmpty`. */
  get current(): Buffer | undefined {
    return this.#batch[this.#at]
  }

  next(): void {
    this.#at++
  }

  get isEmpty(): boolean {
    return this.#at >= this.#batch.length
  }

  async fill(): Promise<void> {
    const { value, done } = await this.#batches.next()
    this.#batch = done === true ? [] : value
    this.#at = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches.return(undefined)
  }
}

interface LinePair {
  readonly before: Buffer | undefined
  readonly after: Buffer | undefined
}

/**
 * Goes through the lines of two files that are sorted by their bytes: both together where they are equal, else the
 * one that comes first.
 * @param take gets a line of one file, or the same of both; it is valid during the call only
 */
export async function mergeLines(
  before: string | undefined,
  after: string,
  take: (pair: LinePair) => void,
): Promise<void> {
  if (before === undefined) {
    for await (const batch of lineBatches(after))
      for (const line of batch) take({ before: undefined, after: line })
    return
  }
  await using former = new Lines(before)
  await using now = new Lines(after)
  for (;;) {
    if (former.isEmpty) await former.fill()
    if (now.isEmpty) await now.fill()
    const [was, is] = [former.current, now.current]
    if (was === undefined && is === undefined) return
    const order = orderOf(was, is)
    if (order <= 0) former.next()
    if (order >= 0) now.next()
    take({ before: order <= 0 ? was : undefined, after: order >= 0 ? is : undefined })
  }
}

function orderOf(was: Buffer | undefined, is: Buffer | undefined): number {
  if (was === undefined) return 1
  return is === undefined ? -1 : was.compare(is)
}
