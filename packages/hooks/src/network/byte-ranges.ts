/** Bytes that came, as ranges in order, with gaps between them. */
export class ByteRanges {
  /** Each begins behind the end of the one before. */
  readonly #ranges: { start: number; end: number }[]
  readonly #most: number

  /** @param most ranges that are kept apart */
  constructor(start: number, most: number) {
    this.#ranges = [{ start, end: start }]
    this.#most = most
  }

  get start(): number {
    return this.#ranges[0]?.start ?? 0
  }

  /** Behind the last byte that came. */
  get end(): number {
    return this.#ranges.at(-1)?.end ?? 0
  }

  get hasGap(): boolean {
    return this.#ranges.length > 1
  }

  /** Bytes between those that came. */
  get missing(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum - (end - start), this.end - this.start)
  }

  /** @returns 'known' when all of it was there, 'full' when there is no room for another range */
  add(start: number, end: number): 'new' | 'known' | 'full' {
    const first = this.#ranges.findLastIndex((range) => range.start <= start)
    const from = this.#ranges[first]
    if (from !== undefined && from.end >= end) return 'known'
    const joins = from !== undefined && from.end >= start
    if (!joins && this.#ranges.length >= this.#most) return 'full'
    const at = joins ? first : first + 1
    let next = first + 1
    let last = end
    for (let range = this.#ranges[next]; range !== undefined && range.start <= end; ) {
      last = Math.max(last, range.end)
      range = this.#ranges[++next]
    }
    this.#ranges.splice(at, next - at, { start: joins ? from.start : start, end: last })
    return 'new'
  }
}
