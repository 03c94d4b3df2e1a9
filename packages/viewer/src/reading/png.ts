const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const HEADER = [0x49, 0x48, 0x44, 0x52]
/** A larger picture would take a browser's memory: 8192 × 8192 are 256 MiB. */
const MOST_SIDE = 8192

function fits(side: number): boolean {
  return side > 0 && side <= MOST_SIDE
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** The size of a PNG by its first bytes; undefined for what is none, or too large to be shown. */
export function pngSize(bytes: Uint8Array): PictureSize | undefined {
  const has = (expected: readonly number[], offset: number) =>
    expected.every((byte, index) => bytes[offset + index] === byte)
  if (bytes.length < 33 || !has(SIGNATURE, 0) || !has(HEADER, 12)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  return fits(width) && fits(height) ? { width, height } : undefined
}
