import { closeSync, openSync, writeSync } from 'node:fs'
import { evidenceModes, resultsLost } from './evidence-file.ts'

/** A file that is appended to line by line; each line is with the operating system when `append` returns. */
export class LineFile {
  readonly path: string
  readonly #descriptor: number
  readonly #pass: ((bytes: Uint8Array) => void) | undefined
  #torn = false

  /** @param pass gets the bytes that were appended */
  constructor(path: string, pass?: (bytes: Uint8Array) => void) {
    this.path = path
    this.#pass = pass
    try {
      this.#descriptor = openSync(path, 'a', evidenceModes.file)
    } catch (error) {
      throw resultsLost(path, error)
    }
  }

  /** @throws SeeError `RESULTS_LOST`; the next line begins a line of its own all the same */
  append(line: string): void {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`)
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written)
      this.#torn = false
    } catch (error) {
      this.#torn ||= written > 0
      throw resultsLost(this.path, error)
    } finally {
      this.#pass?.(bytes.subarray(0, written))
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
