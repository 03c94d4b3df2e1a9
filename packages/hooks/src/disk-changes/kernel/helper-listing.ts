import { createHash, type Hash } from 'node:crypto'
import { SeeError } from '@see/core'
import { parseEntry, parseTrouble } from './helper-entry.ts'
import type { HelperFrame } from './helper-frames.ts'
import type { MutableListedFile } from '../files/listed-file.ts'
import { mostNames } from '../files/most-names.ts'

/** Names of a disk, all of which are in memory. */
export const MAX_NAMES = 100_000
const MAX_TROUBLES = 1000
/** The first of them, so that it is in a warning that names some. */
const FURTHER = { path: 'any', why: `there are more than ${MAX_TROUBLES} such names` }

interface ListingBounds {
  readonly maxNames: number
  /** But for contents. */
  readonly maxBytes: number
  readonly contentBytes: number
}

/** What the helper guest lists of a mounted file system: names, each with its content behind it where that is asked for. */
export class HelperListing {
  readonly files: MutableListedFile[] = []
  /** The names of which something could not be read, and why. */
  readonly troubles: { readonly path: string; readonly why: string }[] = []
  readonly #inodes = new Set<string>()
  readonly #maxNames: number
  #names = 0
  #bytesLeft: number
  #contentLeft: number
  #content: Hash | undefined

  /** @throws Error when more comes */
  constructor({ maxNames, maxBytes, contentBytes }: ListingBounds) {
    this.#maxNames = maxNames
    this.#bytesLeft = maxBytes
    this.#contentLeft = contentBytes
  }

  /** @returns whether it brings anything new: content, or a file that had no name yet */
  take({ type, payload }: HelperFrame): boolean {
    const known = this.#inodes.size
    if (type === 'C') this.#update(payload)
    else if (type === 'D') this.#finish()
    else this.#tell(type, payload)
    return (type === 'C' && payload.length > 0) || this.#inodes.size > known
  }

  #update(payload: Buffer): void {
    this.#contentLeft -= payload.length
    if (this.#contentLeft < 0)
      throw new Error('the helper guest sent more content than a file system of this size can hold')
    ;(this.#content ??= createHash('sha1')).update(payload)
  }

  #finish(): void {
    const file = this.files.at(-1)
    if (file === undefined) throw new Error('the helper guest sent the content of nothing')
    file.sha1 = (this.#content ?? createHash('sha1')).digest('hex')
    this.#content = undefined
  }

  #tell(type: string, payload: Buffer): void {
    this.#content = undefined
    this.#bytesLeft -= payload.length
    if (this.#bytesLeft < 0)
      throw new SeeError('TOOL_FAILED', 'the listing of the helper guest exceeded output_limit')
    this.#names++
    if (this.files.length === this.#maxNames)
      throw new SeeError('TOOL_FAILED', `with it, there are more than ${MAX_NAMES} names`)
    if (type === 'E') {
      const file = parseEntry(payload)
      this.files.push(file)
      this.#inodes.add(file.inode)
    } else if (this.troubles.length < MAX_TROUBLES) this.troubles.push(parseTrouble(payload))
    else if (this.troubles.length === MAX_TROUBLES) this.troubles.unshift(FURTHER)
    if (this.#names > mostNames.more + mostNames.ofEach * this.#inodes.size)
      throw new Error('the helper guest lists the same files again and again')
  }
}
