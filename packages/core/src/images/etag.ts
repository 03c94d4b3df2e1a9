import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { digestVerification, type Verification } from './verification.ts'

const MEBIBYTE = 1024 ** 2
/** In MiB: what the common uploaders take, boto3 and the AWS CLI (8), MinIO's (16), s3cmd (15), rclone and s5cmd (5, 50). */
const COMMON_PART_MEBIBYTES = [5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 1024]

/**
 * What S3 makes of an object's content: its MD5, or, of one that came in n parts, the MD5 of the parts' MD5s and `-n`.
 * The parts' length is not in it: those lengths are tried that give n parts.
 * @param partBytes of each part but the last, if it is known
 */
export function etagVerification(
  { etag, bytes }: { readonly etag: string; readonly bytes: number },
  partBytes?: number,
): Verification {
  const [digest = '', count] = etag.split('-')
  if (count === undefined) return digestVerification('md5', digest)
  const candidates = partBytes === undefined ? partSizes(bytes, Number(count)) : [partBytes]
  return {
    identity: `etag:${etag}`,
    matches: async (path, signal) => {
      const etags = candidates.map((size) => new MultipartEtag(size))
      for await (const piece of createReadStream(path, { highWaterMark: MEBIBYTE, signal })) {
        if (Buffer.isBuffer(piece)) for (const each of etags) each.update(piece)
      }
      return etags.some((each) => each.digest() === etag)
    },
  }
}

/** Lengths of parts, in bytes, of which `count` make the whole. */
export function partSizes(bytes: number, count: number): number[] {
  const least = Math.ceil(bytes / count)
  const sizes = [
    ...COMMON_PART_MEBIBYTES.map((mebibytes) => mebibytes * MEBIBYTE),
    Math.ceil(least / MEBIBYTE) * MEBIBYTE,
    least,
  ]
  return [...new Set(sizes)].filter((size) => size > 0 && Math.ceil(bytes / size) === count)
}

class MultipartEtag {
  readonly #partBytes: number
  readonly #digests: Buffer[] = []
  #part: Hash = createHash('md5')
  #room: number

  constructor(partBytes: number) {
    this.#partBytes = partBytes
    this.#room = partBytes
  }

  update(piece: Buffer): void {
    for (let rest = piece; rest.length > 0; ) {
      const taken = rest.subarray(0, this.#room)
      this.#part.update(taken)
      this.#room -= taken.length
      rest = rest.subarray(taken.length)
      if (this.#room === 0) this.#endPart()
    }
  }

  digest(): string {
    if (this.#room < this.#partBytes) this.#endPart()
    const whole = createHash('md5').update(Buffer.concat(this.#digests)).digest('hex')
    return `${whole}-${this.#digests.length}`
  }

  #endPart(): void {
    this.#digests.push(this.#part.digest())
    this.#part = createHash('md5')
    this.#room = this.#partBytes
  }
}
