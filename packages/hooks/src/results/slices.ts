const SLICE_BYTES = 4 * 1024 * 1024

/** The whole, or its parts. */
export type EvidenceData = string | Uint8Array | Iterable<string | Uint8Array>

/** Data in slices that are short enough for others to have their turn between them; `pass` gets each on its way. */
export function* slicesOf(data: EvidenceData, pass: (bytes: Uint8Array) => void): Generator<Uint8Array> {
  const parts = typeof data === 'string' || data instanceof Uint8Array ? [data] : data
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES)
      pass(slice)
      yield slice
    }
  }
}
