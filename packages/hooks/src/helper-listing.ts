import { createHash, type Hash } from 'node:crypto'
import { SeeError } from '@see/core'
import { parseEntry, parseTrouble } from './helper-entry.ts'
import type { HelperFrame } from './helper-frames.ts'
import type { ListedFile } from './listed-file.ts'

const MAX_TROUBLES = 1000

/** What the helper guest lists of a mounted file system: names, each with its content behind it where that is asked for. */
export class HelperListing {
  readonly files: ListedFile[] = []
  /** Of which names something could not be read, and why. */
  readonly troubles: { readonly path: string; readonly why: string }[] = []
  #bytesLeft: number
  #content: Hash | undefined

  constructor(maxBytes: number) {
    this.#bytesLeft = maxBytes
  }

  take({ type, payload }: HelperFrame): void {
    if (type === 'C') (this.#content ??= createHash('sha1')).update(payload)
    else if (type === 'D') this.#finish()
    else this.#tell(type, payload)
  }

  #finish(): void {
    const file = this.files.pop()
    if (file === undefined) throw new Error('the helper guest sent the content of nothing')
    this.files.push({ ...file, sha1: (this.#content ?? createHash('sha1')).digest('hex') })
    this.#content = undefined
  }

  #tell(type: string, payload: Buffer): void {
    this.#content = undefined
    this.#bytesLeft -= payload.length
    if (this.#bytesLeft < 0)
      throw new SeeError('TOOL_FAILED', 'the listing of the helper guest exceeded output_limit')
    if (type === 'E') this.files.push(parseEntry(payload))
    else if (this.troubles.length < MAX_TROUBLES) this.troubles.push(parseTrouble(payload))
  }
}
