/** The content of an image, which its header is read from. */
export interface ImageBytes {
  /** In bytes. */
  readonly size: number
  /** Reads a part; what lies behind the end is missing from it. */
  read(offset: number, length: number): Promise<Buffer>
}

/** What an image's header says, as far as it leads to something else than the image. */
export interface ImageHeader {
  /** The file that it is an overlay of, as the header names it. */
  readonly backing?: { readonly name: string; readonly format: string | undefined } | undefined
  /** Why SEE does not run from it: the end of a sentence that begins with the image. */
  readonly refusal?: string | undefined
  /** The size of the disk, where the header has it. */
  readonly virtualBytes?: number | undefined
}

/** A header that cannot be read; the message is the end of a sentence that begins with the image. */
export class MalformedHeader extends Error {}

/** @throws MalformedHeader when the image ends before */
export async function readAll(image: ImageBytes, offset: number, length: number): Promise<Buffer> {
  const part = await image.read(offset, length)
  if (part.length === length) return part
  throw new MalformedHeader(`is cut short: it ends before byte ${offset + length}, which its header needs`)
}

// A name that holds one of these is read differently by programs in C, or written differently in a log.
const CONTROL = /\p{Cc}/u

/**
 * A file's name in a header.
 * @throws MalformedHeader when it is no text
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
