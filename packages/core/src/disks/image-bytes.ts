/** Random access to the bytes of an image. */
export interface ImageBytes {
  /** In bytes. */
  readonly size: number
  /** Reads a part; shorter than `length` at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
}

/** The parts of an image's header that matter to SEE. */
export interface ImageHeader {
  /** The base, as the header names it. */
  readonly backing?: { readonly name: string; readonly format: string | undefined } | undefined
  /** Why SEE refuses the image, as a predicate: "is encrypted". */
  readonly refusal?: string | undefined
  /** Size of the guest's disk, in bytes, if the header says it. */
  readonly virtualBytes?: number | undefined
}

/** A header that cannot be parsed. The message is a predicate: "is cut short". */
export class MalformedHeader extends Error {}

/** @throws MalformedHeader when the image ends before */
export async function readAll(image: ImageBytes, offset: number, length: number): Promise<Buffer> {
  const part = await image.read(offset, length)
  if (part.length === length) return part
  throw new MalformedHeader(`is cut short: it ends before byte ${offset + length}, which its header needs`)
}

// Programs in C end a name at a NUL, and logs and terminals interpret the others.
const CONTROL = /\p{Cc}/u

/**
 * Decodes a file name in a header.
 * @throws MalformedHeader if it is not UTF-8 or has control characters
 */
export function nameIn(bytes: Uint8Array): string {
  try {
    const name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!CONTROL.test(name)) return name
  } catch {
    // It is not UTF-8.
  }
  throw new MalformedHeader('names a backing file by bytes that are no name')
}
