import { randomInt } from 'node:crypto'
import { isObject } from './qmp-message.ts'

/** No byte of JSON in UTF-8, so that it ends whatever came before. */
const SENTINEL = 0xff
const NEWLINE = 0x0a
const LONGEST_ANSWER_BYTES = 256

/** One try at finding the place in what an agent sends from which on it speaks of what we ask now. */
export class AgentSync {
  readonly #id = randomInt(1, 2 ** 47)
  #answer: number[] | undefined

  /** Also ends what may be left of a command that was cut short. */
  get request(): Buffer {
    const command = { execute: 'guest-sync-delimited', arguments: { id: this.#id } }
    return Buffer.concat([Buffer.of(SENTINEL), Buffer.from(`${JSON.stringify(command)}\n`)])
  }

  /** Whether the answer was in it; what an agent sends of its own accord, or sent before, is passed over. */
  push(chunk: Buffer): boolean {
    let at = 0
    while (at < chunk.length) {
      // Most of what an agent sends unasked has no sentinel, and is not looked at byte by byte.
      if (this.#answer === undefined) at = chunk.indexOf(SENTINEL, at)
      if (at < 0) return false
      const byte = chunk[at++] ?? NEWLINE
      if (byte === SENTINEL) this.#answer = []
      else if (byte !== NEWLINE) this.#add(byte)
      else if (this.#isOurs()) return true
    }
    return false
  }

  #add(byte: number): void {
    this.#answer?.push(byte)
    if ((this.#answer?.length ?? 0) > LONGEST_ANSWER_BYTES) this.#answer = undefined
  }

  #isOurs(): boolean {
    const text = Buffer.from(this.#answer ?? []).toString('latin1')
    this.#answer = undefined
    try {
      const value: unknown = JSON.parse(text)
      return isObject(value) && value['return'] === this.#id
    } catch {
      return false
    }
  }
}
